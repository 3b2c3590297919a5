// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * linkdrop: makes an emulated hot-plug port behave like hardware whose link drops. For tests only.
 *
 * QEMU's ports have no Data Link Layer State Changed enable, never drop the link on a reset, and
 * cannot lose a card without the attention button's five seconds. So this module sits between the
 * kernel and the config space of every hot-plug port. The kernel's own pciehp and AER code is
 * untouched: it reads, through the usual accessors, what a real port would say.
 *
 * One directory per port, /sys/kernel/debug/linkdrop/<port>/ :
 *   drop         write N: the link is down for N ms, the card stays
 *   answers      1: the card's config space answers all the same while the link is dropped, so a
 *                reset in progress does not wait for the link, and the kernel sees it come up later
 *   gone         write 1: the card leaves (no presence, no link, its config space all ones)
 *   back         write "DEVICE SUBSYSTEM" in hex: a card comes; 0 keeps what the emulated card says
 *   other        write "OFFSET VALUE" in hex while the card is gone: the card that comes has these four
 *                bytes there (its function 0 has); they leave with it
 *   sbr_drop_ms  the link drops with each secondary bus reset, until N ms after it; 0 is off
 *   wipe         1: a dropped link also resets the card, as Data Link Down does on hardware
 *   state        what the port shows now
 *
 * The kernel log has a line for whatever it does, and for the beginning and the end of every secondary
 * bus reset, whoever asked for that.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "port.h"

static struct dentry *lab_dir;

static void add_port(struct pci_dev *pdev)
{
	struct lab_port *port = kzalloc(sizeof(*port), GFP_KERNEL);
	unsigned long flags;

	if (!port)
		return;
	port->pdev = pci_dev_get(pdev);
	INIT_WORK(&port->raise, raise_work);
	INIT_DELAYED_WORK(&port->restore, restore_work);
	pcie_capability_read_word(pdev, PCI_EXP_SLTCTL, &port->sltctl);
	/* pciehp sets both together; of an earlier write QEMU has kept only the first. */
	if (port->sltctl & PCI_EXP_SLTCTL_HPIE)
		port->sltctl |= PCI_EXP_SLTCTL_DLLSCE;
	add_knobs(port, lab_dir);
	raw_spin_lock_irqsave(&lab_lock, flags);
	list_add(&port->list, &lab_ports);
	raw_spin_unlock_irqrestore(&lab_lock, flags);
}

static void drop_port(struct lab_port *port)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lab_lock, flags);
	list_del(&port->list);
	raw_spin_unlock_irqrestore(&lab_lock, flags);
	debugfs_remove_recursive(port->dir);
	cancel_delayed_work_sync(&port->restore);
	cancel_work_sync(&port->raise);
	pci_dev_put(port->pdev);
	kfree(port);
}

static bool is_slot(struct pci_dev *pdev)
{
	return pdev->is_hotplug_bridge && pci_is_pcie(pdev);
}

/* Ports of a switch in a slot come and go with their card. */
static int port_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	struct lab_port *port;

	if (action == BUS_NOTIFY_ADD_DEVICE && is_slot(pdev))
		add_port(pdev);
	if (action == BUS_NOTIFY_REMOVED_DEVICE) {
		port = port_at(pdev->bus, pdev->devfn);
		if (port)
			drop_port(port);
	}
	return NOTIFY_OK;
}

static struct notifier_block lab_notifier = { .notifier_call = port_event };

static void swap_ops(struct pci_bus *bus, struct pci_ops *from, struct pci_ops *to)
{
	if (bus->ops == from)
		pci_bus_set_ops(bus, to);
	else
		/* aer_inject stacks its own on ours: it has to be unloaded first. */
		dev_err(&bus->dev, "linkdrop: bus has somebody else's config operations\n");
}

/* Buses that appear later inherit the operations of the bus above them. */
static void swap_all_ops(struct pci_ops *from, struct pci_ops *to)
{
	struct pci_dev *pdev = NULL;
	struct pci_bus *root;

	list_for_each_entry(root, &pci_root_buses, node)
		swap_ops(root, from, to);
	for_each_pci_dev(pdev)
		if (pdev->subordinate)
			swap_ops(pdev->subordinate, from, to);
}

static int __init linkdrop_init(void)
{
	struct pci_bus *root = list_first_entry_or_null(&pci_root_buses, struct pci_bus, node);
	struct pci_dev *pdev = NULL;

	if (!root)
		return -ENODEV;
	real_ops = root->ops;
	lab_dir = debugfs_create_dir("linkdrop", NULL);
	for_each_pci_dev(pdev)
		if (is_slot(pdev))
			add_port(pdev);
	bus_register_notifier(&pci_bus_type, &lab_notifier);
	swap_all_ops(real_ops, &lab_ops);
	return 0;
}

static void __exit linkdrop_exit(void)
{
	struct lab_port *port, *next;

	bus_unregister_notifier(&pci_bus_type, &lab_notifier);
	swap_all_ops(&lab_ops, real_ops);
	list_for_each_entry_safe(port, next, &lab_ports, list)
		drop_port(port);
	debugfs_remove_recursive(lab_dir);
}

module_init(linkdrop_init);
module_exit(linkdrop_exit);

MODULE_DESCRIPTION("Link and presence changes on emulated hot-plug ports (test only)");
MODULE_LICENSE("GPL");
