// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wedge: the uevent of a DRM device that its driver calls wedged, for a card of the lab. For tests only.
 *
 * drm_dev_wedged_event() came with kernel 6.15, and no emulated card has a driver that calls it. What it
 * does is small: kobject_uevent_env(KOBJ_CHANGE) with WEDGED=<methods> on the card's minor, a device of
 * class drm below the PCI function. This module does just that. A write to a device's own "uevent" file
 * could not: the kernel marks such an event as synthetic (SYNTH_UUID, SYNTH_ARG_...).
 *
 *   /sys/kernel/debug/wedge   write "<function> <methods>": 0000:01:00.0 rebind,bus-reset
 *
 * The class is called drm, so the kernel's own drm module must not be loaded.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uaccess.h>
#include <linux/version.h>

static struct class *lab_class;
static struct dentry *lab_file;

static int call_wedged(struct device *function, const char *methods)
{
	char variable[96];
	char *environment[] = { variable, NULL };
	struct device *card;

	card = device_create(lab_class, function, MKDEV(0, 0), NULL, "card0");
	if (IS_ERR(card))
		return PTR_ERR(card);
	snprintf(variable, sizeof(variable), "WEDGED=%s", methods);
	kobject_uevent_env(&card->kobj, KOBJ_CHANGE, environment);
	/* It must not be in the way when the function is removed. */
	device_unregister(card);
	return 0;
}

static ssize_t wedge_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	char text[96] = "", name[16], methods[64];
	struct device *function;
	int rc;

	if (size >= sizeof(text) || copy_from_user(text, user, size))
		return -EINVAL;
	if (sscanf(text, "%15s %63s", name, methods) != 2)
		return -EINVAL;
	function = bus_find_device_by_name(&pci_bus_type, NULL, name);
	if (!function)
		return -ENODEV;
	rc = call_wedged(function, methods);
	put_device(function);
	return rc ? rc : (ssize_t)size;
}

static const struct file_operations wedge_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = wedge_write,
};

static int __init wedge_init(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	lab_class = class_create("drm");
#else
	lab_class = class_create(THIS_MODULE, "drm");
#endif
	if (IS_ERR(lab_class))
		return PTR_ERR(lab_class);
	lab_file = debugfs_create_file("wedge", 0200, NULL, NULL, &wedge_fops);
	return 0;
}

static void __exit wedge_exit(void)
{
	debugfs_remove(lab_file);
	class_destroy(lab_class);
}

module_init(wedge_init);
module_exit(wedge_exit);

MODULE_DESCRIPTION("WEDGED= of a DRM device (test only)");
MODULE_LICENSE("GPL");
