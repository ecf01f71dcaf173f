/* SPDX-License-Identifier: ISC */
/* Chooses the columns of a list on a terminal and their widths. */
#ifndef COMMANDS_LIST_LAYOUT_H
#define COMMANDS_LIST_LAYOUT_H

#include <stddef.h>

/*
 * Widths of the columns; 0: not shown. Each column is followed by one space,
 * from and subject by two, and next by none.
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
 * Fits the layout to a terminal of this many columns. The caller sets the
 * widths needed by number, size, date, here and next. On terminals with less
 * than 80 columns date, size, here and from are dropped, in this order, until
 * the rest fits. uids (printable texts, count of them) are shown whole if there
 * is room; otherwise they are shortened by width_cut_middle as far as distinct
 * ones remain distinct.
 */
void list_layout_fit(struct list_layout *layout, size_t columns,
	char *const *uids, size_t count);

#endif
