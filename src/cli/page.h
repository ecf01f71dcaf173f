/* SPDX-License-Identifier: ISC */
/* Prints lines on standard output, wrapped to the width of the terminal. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Determines whether standard output is a terminal and how wide it is; if so,
 * sets the locale that core/width depends on. Call once, before the process is
 * confined.
 */
void page_init(void);

/* Returns the width of the terminal, or 0 if standard output is not one. */
unsigned page_columns(void);

/*
 * Prints a line (printable text, without a line end). On a terminal, a line
 * that is too wide is wrapped at spaces, with continuation lines indented;
 * otherwise it is printed as it is.
 */
void page_line(size_t indent, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
