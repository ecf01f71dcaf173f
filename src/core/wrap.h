/* SPDX-License-Identifier: ISC */
/* Breaks text into lines. */
#ifndef CORE_WRAP_H
#define CORE_WRAP_H

#include <stddef.h>

/*
 * Returns how many bytes of a printable text fit on a line of this many
 * columns: all of them, or those before the last space at which it can be
 * broken, or, if its first word is too wide, as many as fit. Returns 0 only for
 * an empty text.
 */
size_t wrap_line(const char *text, size_t columns);

#endif
