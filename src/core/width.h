/* SPDX-License-Identifier: ISC */
/* Measures the width of text on a terminal, and shortens it. */
#ifndef CORE_WIDTH_H
#define CORE_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Returns the width of a character in columns by wcwidth(3): 0 for combining
 * characters, 2 for wide East Asian characters and emoji, otherwise 1. This
 * depends on the C library's locale, which must be a UTF-8 one (set in
 * cli/page); in others every character has width 1.
 */
size_t width_of(uint32_t code);

/*
 * Returns the width of a printable text in columns. Joined emoji (text_next),
 * whatever their skin tone, are as wide as the first of them. The functions
 * below split neither these nor the two letters of a flag.
 */
size_t width_text(const char *text);

/*
 * Shortens a printable text at its end to at most this many columns, and marks
 * that by "..." if there is room. Returns text.
 */
char *width_cut(char *text, size_t columns);

/*
 * Shortens it in the middle, since uids often have the same beginning and the
 * same end.
 */
char *width_cut_middle(char *text, size_t columns);

#endif
