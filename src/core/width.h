/* SPDX-License-Identifier: ISC */
/* How wide text is on a terminal, and how it is made to fit. */
#ifndef CORE_WIDTH_H
#define CORE_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Columns of a character, by wcwidth(3): 0 for one that is put upon the one
 * before, 2 for the wide ones of East Asia and for pictures, else 1. That goes
 * by the C library's locale, which is to be one of UTF-8 (cli/page sets it); in
 * any other each character is one column wide.
 */
size_t width_of(uint32_t code);

/*
 * Columns of a printable text. Emoji that are joined (text_next), whatever
 * their skin, are as wide as the first of them, and nothing below cuts them in
 * two, nor the two letters of a flag.
 */
size_t width_text(const char *text);

/*
 * Cuts a printable text behind, so that it is no wider than columns, and says
 * so by "..." where there is room. Returns text.
 */
char *width_cut(char *text, size_t columns);

/* The same in its middle, since uids often begin alike, and end alike. */
char *width_cut_middle(char *text, size_t columns);

#endif
