// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * linkdrop: makes an emulated hot-plug port behave like hardware whose link drops. For tests only.
 *
 * QEMU's ports have no Data Link Layer State Changed enable, never drop the link on a reset, and cannot lose
 * a card without the attention button's five seconds. So this module sits between the kernel and the config
 * space of every hot-plug port. The kernel's own pciehp and AER code is untouched: it reads, through the
 * usual accessors, what a real port would say.
 *
 * One directory per port, /sys/kernel/debug/linkdrop/<port>/ :
 *   drop         write N: the link is down for N ms, the card stays
 *   answers      1: the card's config space answers all the same while the link is dropped, so a reset in
 *                progress does not wait for the link to come back and the kernel sees it come up later
 *   gone         write 1: the card leaves (presence and link gone, its config space answers all ones)
 *   back         write "DEVICE SUBSYSTEM" in hex: a card comes; 0 keeps what the emulated card really says
 *   sbr_drop_ms  the link drops with each secondary bus reset and comes back N ms after it; 0 is off
 *   wipe         1: a dropped link also resets the card below, as Data Link Down does on hardware
 *   state        what the port shows now
 */
#include <linux/debugfs.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

struct lab_port {
	struct list_head list;
	struct pci_dev *pdev;
	struct dentry *dir;
	struct work_struct raise;
	struct delayed_work restore;
	unsigned int raised;
	u32 sbr_drop_ms;
	u32 wipe;
	u32 answers;
	/* All below under lab_lock. */
	bool down;
	bool gone;
	bool in_reset;
	u16 latched;	/* Slot Status event bits, RW1C */
	u16 sltctl;	/* Slot Control as written: QEMU forgets DLLSCE */
	u16 device;	/* 0: as emulated */
	u32 subsystem;	/* 0: as emulated */
};

#define EVENTS (PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC)
#define DROP_MS_MAX 60000

static LIST_HEAD(lab_ports);
/* Raw and irqsave: config space is read with interrupts off, from hard interrupt handlers too. */
static DEFINE_RAW_SPINLOCK(lab_lock);
static struct pci_ops *real_ops;
static struct dentry *lab_dir;

static bool link_active(const struct lab_port *port)
{
	return !port->down && !port->gone && !port->in_reset;
}

static struct lab_port *port_at(const struct pci_bus *bus, unsigned int devfn)
{
	struct lab_port *port;

	list_for_each_entry(port, &lab_ports, list)
		if (port->pdev->bus == bus && port->pdev->devfn == devfn)
			return port;
	return NULL;
}

static struct lab_port *port_above(const struct pci_bus *bus)
{
	struct lab_port *port;

	list_for_each_entry(port, &lab_ports, list)
		if (port->pdev == bus->self)
			return port;
	return NULL;
}

static bool card_answers(const struct lab_port *port)
{
	return link_active(port) || (port->answers && !port->gone && !port->in_reset);
}

/* Nested slots: a card is out of reach if any link between it and the Root Complex is down. */
static bool reachable(const struct pci_bus *bus)
{
	const struct lab_port *port;

	for (; bus && bus->self; bus = bus->parent) {
		port = port_above(bus);
		if (port && !card_answers(port))
			return false;
	}
	return true;
}

/* The port's interrupt condition, PCIe r6.0 6.7.3.4: the OR of all enabled events. */
static bool interrupt_wanted(const struct lab_port *port)
{
	if (!(port->sltctl & PCI_EXP_SLTCTL_HPIE))
		return false;
	return ((port->latched & PCI_EXP_SLTSTA_DLLSC) && (port->sltctl & PCI_EXP_SLTCTL_DLLSCE)) ||
	       ((port->latched & PCI_EXP_SLTSTA_PDC) && (port->sltctl & PCI_EXP_SLTCTL_PDCE));
}

/*
 * An MSI is sent on the rising edge of that condition and at no other time. So a bit latched while its enable
 * is off is sent when the enable comes back, and a second event over an unread first one is not sent at all.
 */
static void raise_on_edge(struct lab_port *port, bool wanted_before)
{
	if (!wanted_before && interrupt_wanted(port))
		queue_work(system_highpri_wq, &port->raise);
}

static void latch(struct lab_port *port, u16 events)
{
	const bool before = interrupt_wanted(port);

	port->latched |= events;
	raise_on_edge(port, before);
}

/* A worker, because the condition can arise with a caller's spinlock held and interrupts off. */
static void raise_work(struct work_struct *work)
{
	struct lab_port *port = container_of(work, struct lab_port, raise);
	u16 flags;
	int irq;

	pcie_capability_read_word(port->pdev, PCI_EXP_FLAGS, &flags);
	irq = pci_irq_vector(port->pdev, (flags & PCI_EXP_FLAGS_IRQ) >> 9);
	if (irq <= 0 || irq_inject_interrupt(irq))
		pci_err(port->pdev, "linkdrop: the hot-plug interrupt could not be raised\n");
	port->raised++;
}

static void set_link(struct lab_port *port, bool *cause, bool value)
{
	unsigned long flags;
	bool before;

	raw_spin_lock_irqsave(&lab_lock, flags);
	before = link_active(port);
	*cause = value;
	if (before != link_active(port))
		latch(port, PCI_EXP_SLTSTA_DLLSC);
	raw_spin_unlock_irqrestore(&lab_lock, flags);
}

static void restore_work(struct work_struct *work)
{
	struct lab_port *port = container_of(to_delayed_work(work), struct lab_port, restore);

	pci_info(port->pdev, "linkdrop: link up\n");
	set_link(port, &port->down, false);
}

/* True when the two bytes of @reg lie within the access; *shift is then their place in its value. */
static bool covers(int where, int size, int reg, int *shift)
{
	*shift = (reg - where) * 8;
	return reg >= where && reg + 2 <= where + size;
}

static void show_port(const struct lab_port *port, int where, int size, u32 *val)
{
	const int cap = port->pdev->pcie_cap;
	int shift;

	if (covers(where, size, cap + PCI_EXP_LNKSTA, &shift) && !link_active(port))
		*val &= ~((u32)PCI_EXP_LNKSTA_DLLLA << shift);
	if (covers(where, size, cap + PCI_EXP_SLTCTL, &shift)) {
		*val &= ~((u32)PCI_EXP_SLTCTL_DLLSCE << shift);
		*val |= (u32)(port->sltctl & PCI_EXP_SLTCTL_DLLSCE) << shift;
	}
	if (covers(where, size, cap + PCI_EXP_SLTSTA, &shift)) {
		if (port->gone)
			*val &= ~((u32)PCI_EXP_SLTSTA_PDS << shift);
		*val |= (u32)port->latched << shift;
	}
}

static void show_card(const struct lab_port *port, int where, int size, u32 *val)
{
	int shift;

	if (port->device && covers(where, size, PCI_DEVICE_ID, &shift) && (u16)(*val >> shift) != 0xffff)
		*val = (*val & ~(0xffffU << shift)) | (u32)port->device << shift;
	if (port->subsystem && covers(where, size, PCI_SUBSYSTEM_VENDOR_ID, &shift))
		*val = (*val & ~(0xffffU << shift)) | (port->subsystem & 0xffff) << shift;
	if (port->subsystem && covers(where, size, PCI_SUBSYSTEM_ID, &shift))
		*val = (*val & ~(0xffffU << shift)) | (port->subsystem >> 16) << shift;
}

static int lab_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	const struct lab_port *port;
	unsigned long flags;
	int rc = PCIBIOS_SUCCESSFUL;

	raw_spin_lock_irqsave(&lab_lock, flags);
	if (!reachable(bus)) {
		*val = ~0U;
		goto out;
	}
	rc = real_ops->read(bus, devfn, where, size, val);
	port = port_at(bus, devfn);
	if (port)
		show_port(port, where, size, val);
	port = port_above(bus);
	if (port)
		show_card(port, where, size, val);
out:
	raw_spin_unlock_irqrestore(&lab_lock, flags);
	return rc;
}

static void watch_reset(struct lab_port *port, bool asserted)
{
	const bool before = link_active(port);

	if (asserted == port->in_reset || (asserted && !port->sbr_drop_ms))
		return;
	port->in_reset = asserted;
	if (!asserted) {
		/* The link needs its time to train again after the reset has ended. */
		port->down = true;
		mod_delayed_work(system_highpri_wq, &port->restore,
				 msecs_to_jiffies(port->sbr_drop_ms));
	}
	if (before != link_active(port))
		latch(port, PCI_EXP_SLTSTA_DLLSC);
}

static void watch_port_write(struct lab_port *port, int where, int size, u32 *val)
{
	const int cap = port->pdev->pcie_cap;
	const bool before = interrupt_wanted(port);
	int shift;

	if (covers(where, size, cap + PCI_EXP_SLTSTA, &shift))
		port->latched &= ~(u16)(*val >> shift);
	if (covers(where, size, cap + PCI_EXP_SLTCTL, &shift)) {
		port->sltctl = (u16)(*val >> shift);
		raise_on_edge(port, before);
	}
	if (covers(where, size, PCI_BRIDGE_CONTROL, &shift))
		watch_reset(port, (*val >> shift) & PCI_BRIDGE_CTL_BUS_RESET);
}

static int lab_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct lab_port *port;
	unsigned long flags;
	int rc = PCIBIOS_SUCCESSFUL;

	raw_spin_lock_irqsave(&lab_lock, flags);
	if (!reachable(bus))
		goto out;
	port = port_at(bus, devfn);
	if (port)
		watch_port_write(port, where, size, &val);
	rc = real_ops->write(bus, devfn, where, size, val);
out:
	raw_spin_unlock_irqrestore(&lab_lock, flags);
	return rc;
}

static struct pci_ops lab_ops = { .read = lab_read, .write = lab_write };

/* What Data Link Down does to the card: QEMU resets everything below when Bridge Control says so. */
static void wipe_card(struct lab_port *port)
{
	struct pci_bus *bus = port->pdev->bus;
	const unsigned int devfn = port->pdev->devfn;
	unsigned long flags;
	u32 control;

	raw_spin_lock_irqsave(&lab_lock, flags);
	real_ops->read(bus, devfn, PCI_BRIDGE_CONTROL, 2, &control);
	real_ops->write(bus, devfn, PCI_BRIDGE_CONTROL, 2, control | PCI_BRIDGE_CTL_BUS_RESET);
	real_ops->write(bus, devfn, PCI_BRIDGE_CONTROL, 2, control & ~PCI_BRIDGE_CTL_BUS_RESET);
	raw_spin_unlock_irqrestore(&lab_lock, flags);
}

static int drop_set(void *data, u64 ms)
{
	struct lab_port *port = data;

	if (!ms || ms > DROP_MS_MAX)
		return -EINVAL;
	pci_info(port->pdev, "linkdrop: link down for %llu ms\n", ms);
	set_link(port, &port->down, true);
	if (port->wipe)
		wipe_card(port);
	mod_delayed_work(system_highpri_wq, &port->restore, msecs_to_jiffies(ms));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(drop_fops, NULL, drop_set, "%llu\n");

static void set_card(struct lab_port *port, bool gone, u16 device, u32 subsystem)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lab_lock, flags);
	port->gone = gone;
	port->device = device;
	port->subsystem = subsystem;
	latch(port, EVENTS);
	raw_spin_unlock_irqrestore(&lab_lock, flags);
}

static int gone_set(void *data, u64 value)
{
	struct lab_port *port = data;

	if (value != 1)
		return -EINVAL;
	if (port->gone)
		return -EALREADY;
	pci_info(port->pdev, "linkdrop: card gone\n");
	set_card(port, true, 0, 0);
	/* After that, so that nobody sees a reset card that still answers. It also ends the card's DMA. */
	wipe_card(port);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(gone_fops, NULL, gone_set, "%llu\n");

static ssize_t back_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	struct lab_port *port = file->private_data;
	unsigned int device, subsystem;
	char text[32] = "";

	if (size >= sizeof(text) || copy_from_user(text, user, size))
		return -EINVAL;
	if (sscanf(text, "%x %x", &device, &subsystem) != 2 || device > 0xfffe)
		return -EINVAL;
	if (!port->gone)
		return -EALREADY;
	pci_info(port->pdev, "linkdrop: card back, device %04x subsystem %08x\n", device, subsystem);
	set_card(port, false, (u16)device, subsystem);
	return (ssize_t)size;
}

static const struct file_operations back_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = back_write,
};

static int state_show(struct seq_file *file, void *unused)
{
	const struct lab_port *port = file->private;

	seq_printf(file, "link=%s presence=%s latched=%04x sltctl=%04x raised=%u\n",
		   link_active(port) ? "up" : "down", port->gone ? "no" : "yes", port->latched,
		   port->sltctl, port->raised);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

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
	port->dir = debugfs_create_dir(pci_name(pdev), lab_dir);
	debugfs_create_file_unsafe("drop", 0200, port->dir, port, &drop_fops);
	debugfs_create_file_unsafe("gone", 0200, port->dir, port, &gone_fops);
	debugfs_create_file("back", 0200, port->dir, port, &back_fops);
	debugfs_create_file("state", 0400, port->dir, port, &state_fops);
	debugfs_create_u32("sbr_drop_ms", 0600, port->dir, &port->sbr_drop_ms);
	debugfs_create_u32("wipe", 0600, port->dir, &port->wipe);
	debugfs_create_u32("answers", 0600, port->dir, &port->answers);
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
