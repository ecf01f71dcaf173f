/* SPDX-License-Identifier: ISC */
/* Lines on standard output, no wider than the terminal that it is. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stddef.h>

/*
 * Looks once what standard output is, and makes widths known to the C library
 * (core/width) if it is a terminal; before anything confines itself.
 */
void page_init(void);

/* The columns of the terminal that it is, or 0: it is none. */
unsigned page_columns(void);

/*
 * Prints a line (printable, without its end). On a terminal, one that is too
 * wide is broken at blanks, and what follows is indented; else it stays whole.
 */
void page_line(size_t indent, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
