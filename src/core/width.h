/* SPDX-License-Identifier: ISC */
/* How wide text is on a terminal, and how it is made to fit. */
#ifndef CORE_WIDTH_H
#define CORE_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Columns of a character: 0 for one that is put upon the one before, 2 for the
 * wide ones of East Asia and for pictures, else 1. No locale is asked.
 */
size_t width_of(uint32_t code);

/* Columns of a printable text. */
size_t width_text(const char *text);

/*
 * Cuts a printable text behind, so that it is no wider than columns, and says
 * so by "..." where there is room. Returns text.
 */
char *width_cut(char *text, size_t columns);

/* The same in its middle, since uids often begin alike, and end alike. */
char *width_cut_middle(char *text, size_t columns);

#endif
