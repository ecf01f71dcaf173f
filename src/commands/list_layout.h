/* SPDX-License-Identifier: ISC */
/* Which columns a list has on a terminal, and how wide they are. */
#ifndef COMMANDS_LIST_LAYOUT_H
#define COMMANDS_LIST_LAYOUT_H

#include <stddef.h>

/*
 * 0: not shown. One blank stands behind each column, two behind from and
 * subject, and nothing behind next.
 */
struct list_layout {
	size_t number;
	size_t uid;
	size_t size;
	size_t date;
	size_t from;
	size_t subject;
	size_t here;
	size_t next;
};

/*
 * Makes a layout with the widths that number, size, date, here and next need
 * fit a terminal. On one of less than 80 columns date, size, here and from go,
 * in this order, where the rest is too narrow otherwise. uids (printable texts,
 * count of them) are shown whole if there is room; else as short as
 * width_cut_middle can make them so that those that differ look different.
 */
void list_layout_fit(struct list_layout *layout, size_t columns,
	char *const *uids, size_t count);

#endif
