/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by port_model.c (shows the port), knobs.c (turns it) and main.c (hooks it in). */
#ifndef LINKDROP_PORT_H
#define LINKDROP_PORT_H

#include <linux/list.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

/* Four bytes of a card's config space that are not as emulated. */
struct lab_other {
	u16 where;
	u32 value;
};

#define OTHERS_MAX 4

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
	bool asserted;	/* Secondary Bus Reset, as last written */
	bool in_reset;	/* the same, where the link drops with it */
	u16 latched;	/* Slot Status event bits, RW1C */
	u16 sltctl;	/* Slot Control as written: QEMU forgets DLLSCE */
	u16 device;	/* 0: as emulated */
	u32 subsystem;	/* 0: as emulated */
	struct lab_other others[OTHERS_MAX];	/* function 0, in the order of writing */
	unsigned int others_used;
};

#define EVENTS (PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC)

extern struct list_head lab_ports;
/* Raw and irqsave: config space is read with interrupts off, from hard interrupt handlers too. */
extern raw_spinlock_t lab_lock;
extern struct pci_ops *real_ops;
extern struct pci_ops lab_ops;

bool link_active(const struct lab_port *port);
struct lab_port *port_at(const struct pci_bus *bus, unsigned int devfn);
/* Puts event bits into Slot Status and raises the interrupt if that is due. With lab_lock held. */
void latch(struct lab_port *port, u16 events);
/* Sets one cause of the link's state; a change of the state is an event. */
void set_link(struct lab_port *port, bool *cause, bool value);
void raise_work(struct work_struct *work);
void restore_work(struct work_struct *work);

void add_knobs(struct lab_port *port, struct dentry *parent);

#endif
