/* SPDX-License-Identifier: ISC */
/* Where a text is broken into lines of a terminal. */
#ifndef CORE_WRAP_H
#define CORE_WRAP_H

#include <stddef.h>

/*
 * How many octets of a printable text go into a line of so many columns: all of
 * it if it fits; else up to the last blank at which it can be broken (which is
 * not counted), or, if its first word is wider than that, as much of it as
 * fits. 0 for an empty text only.
 */
size_t wrap_line(const char *text, size_t columns);

#endif
