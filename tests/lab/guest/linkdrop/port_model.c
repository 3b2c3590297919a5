// SPDX-License-Identifier: GPL-2.0-or-later
/* What a port and the card below it show: every config access of the kernel passes here. */
#include <linux/interrupt.h>

#include "port.h"

LIST_HEAD(lab_ports);
DEFINE_RAW_SPINLOCK(lab_lock);
struct pci_ops *real_ops;

bool link_active(const struct lab_port *port)
{
	return !port->down && !port->gone && !port->in_reset;
}

struct lab_port *port_at(const struct pci_bus *bus, unsigned int devfn)
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
 * An MSI is sent on the rising edge of that condition and at no other time. So a bit latched while
 * its enable is off is sent when the enable comes back, and a second event over an unread first one
 * is not sent at all.
 */
static void raise_on_edge(struct lab_port *port, bool wanted_before)
{
	if (!wanted_before && interrupt_wanted(port))
		queue_work(system_highpri_wq, &port->raise);
}

void latch(struct lab_port *port, u16 events)
{
	const bool before = interrupt_wanted(port);

	port->latched |= events;
	raise_on_edge(port, before);
}

/* A worker, because the condition can arise with a caller's spinlock held and interrupts off. */
void raise_work(struct work_struct *work)
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

void set_link(struct lab_port *port, bool *cause, bool value)
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

void restore_work(struct work_struct *work)
{
	struct lab_port *port = container_of(to_delayed_work(work), struct lab_port, restore);

	pci_info(port->pdev, "linkdrop: link up\n");
	set_link(port, &port->down, false);
}

/* True when both bytes of @reg lie within the access; *shift is their place in its value. */
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

/* Another card in more than its Device ID: any register of it, its serial number included. */
static void show_others(const struct lab_port *port, int where, int size, u32 *val)
{
	unsigned int at, byte;

	for (at = 0; at < port->others_used; at++)
		for (byte = 0; byte < 4; byte++) {
			const int offset = port->others[at].where + (int)byte - where;
			const u32 shown = (port->others[at].value >> (8 * byte)) & 0xff;

			if (offset >= 0 && offset < size)
				*val = (*val & ~(0xffU << (8 * offset))) | shown << (8 * offset);
		}
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
	if (port && devfn == 0)
		show_others(port, where, size, val);
out:
	raw_spin_unlock_irqrestore(&lab_lock, flags);
	return rc;
}

static void watch_reset(struct lab_port *port, bool asserted)
{
	const bool before = link_active(port);

	if (asserted != port->asserted)
		pci_info(port->pdev, "linkdrop: bus reset %s\n", asserted ? "begins" : "ends");
	port->asserted = asserted;
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

struct pci_ops lab_ops = { .read = lab_read, .write = lab_write };
