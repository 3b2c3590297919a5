// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of one port in debugfs; main.c says what each does. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "port.h"

#define DROP_MS_MAX 60000

/* Data Link Down resets the card; QEMU resets everything below when Bridge Control says so. */
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
	if (gone)
		port->others_used = 0;
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

static ssize_t other_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	struct lab_port *port = file->private_data;
	ssize_t result = (ssize_t)size;
	unsigned int where, value;
	char text[32] = "";
	unsigned long flags;

	if (size >= sizeof(text) || copy_from_user(text, user, size))
		return -EINVAL;
	if (sscanf(text, "%x %x", &where, &value) != 2 || where > 0xffc || where % 4)
		return -EINVAL;
	raw_spin_lock_irqsave(&lab_lock, flags);
	if (!port->gone)
		result = -EALREADY;
	else if (port->others_used == OTHERS_MAX)
		result = -ENOSPC;
	else
		port->others[port->others_used++] = (struct lab_other){ (u16)where, value };
	raw_spin_unlock_irqrestore(&lab_lock, flags);
	return result;
}

static const struct file_operations other_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = other_write,
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

void add_knobs(struct lab_port *port, struct dentry *parent)
{
	port->dir = debugfs_create_dir(pci_name(port->pdev), parent);
	debugfs_create_file_unsafe("drop", 0200, port->dir, port, &drop_fops);
	debugfs_create_file_unsafe("gone", 0200, port->dir, port, &gone_fops);
	debugfs_create_file("back", 0200, port->dir, port, &back_fops);
	debugfs_create_file("other", 0200, port->dir, port, &other_fops);
	debugfs_create_file("state", 0400, port->dir, port, &state_fops);
	debugfs_create_u32("sbr_drop_ms", 0600, port->dir, &port->sbr_drop_ms);
	debugfs_create_u32("wipe", 0600, port->dir, &port->wipe);
	debugfs_create_u32("answers", 0600, port->dir, &port->answers);
}
