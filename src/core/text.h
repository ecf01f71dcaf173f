/* SPDX-License-Identifier: ISC */
/* Makes text from outside printable, and parses values that users write. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maximum number of bytes of such text that is shown. */
#define TEXT_SHOWN_MAX 200

/*
 * Copies length bytes of any value to room in a form that is safe on a
 * terminal and in a log. Valid UTF-8 is kept; C0 and C1 controls, DEL,
 * bidirectional and other invisible format characters, line separators and
 * malformed bytes become \xNN, except for a joiner between two emoji
 * (text_next). Shows at most TEXT_SHOWN_MAX bytes of input, then "...". The
 * result is always terminated, is never cut within a character, and never ends
 * with a joiner. room must hold at least 8 bytes. Returns room.
 */
char *text_printable(char *room, size_t size, const char *bytes, size_t length);

/*
 * As text_printable, but limited only by the size of room. For stored messages
 * of keepmail itself.
 */
char *text_printable_long(
	char *room, size_t size, const char *bytes, size_t length);

/*
 * Returns the length (1 to 4) of the valid UTF-8 sequence (RFC 3629) that
 * starts at bytes, and sets *code to its code point; 0 if it is malformed or
 * truncated.
 */
size_t text_utf8(const char *bytes, size_t length, uint32_t *code);

/* ZERO WIDTH JOINER, and its length in UTF-8. */
#define TEXT_JOINER 0x200d
#define TEXT_JOINER_OCTETS 3

/*
 * Returns the length of the next character, as text_utf8 does, and sets *code
 * to its code point. If a joiner joins an emoji to a previous one, as in a
 * family, returns the length of both (more than TEXT_JOINER_OCTETS), with the
 * joiner in *code. At most four emoji are joined; all other joiners are treated
 * as ordinary characters. *emoji counts the emoji joined so far: set it to 0 at
 * the start of the text, and pass it to each call.
 */
size_t text_next(
	const char *bytes, size_t length, unsigned *emoji, uint32_t *code);

/*
 * Does this character change the presentation or skin tone of the emoji before
 * it?
 */
bool text_varies_emoji(uint32_t code);

/* Would this character move the cursor, or reorder or hide text? */
bool text_is_unsafe(uint32_t code);

/*
 * Returns the name (count of them) that was probably meant by word: the nearest
 * one by edit distance, if that is at most a third of word's length plus one;
 * or NULL.
 */
const char *text_nearest(
	const char *word, const char *const *names, size_t count);

/*
 * Parses "30 days", "12h", "90" and the like: a whole number and a unit
 * (seconds, minutes, hours, days, weeks, or their first letters). unit: seconds
 * per unit if none is given; 0: a unit is required. Returns false, and leaves
 * *seconds unchanged, if text is something else or more than 100 years.
 */
bool text_parse_duration(const char *text, int64_t unit, int64_t *seconds);

/*
 * Parses a size: "20000000", "20M", "20 MB". K, M and G (also KB, KiB, ...) are
 * powers of 1024. Returns false, and leaves *octets unchanged, if text is
 * something else.
 */
bool text_parse_size(const char *text, uint64_t *octets);

/*
 * Parses a decimal integer of at most max. Returns false, and leaves *number
 * unchanged, if text is something else.
 */
bool text_parse_number(const char *text, uint64_t max, uint64_t *number);

/*
 * Encodes length bytes in base64 (RFC 4648 section 4) and adds a NUL; to must
 * hold 4 * ((length + 2) / 3) + 1. Returns the length of the text.
 */
size_t text_base64(char *to, const unsigned char *from, size_t length);

/* Returns one if n is 1, otherwise many: "1 message", "2 messages". */
const char *text_plural(uint64_t n, const char *one, const char *many);

/* Formats a size for people: "812 B", "41 KiB", "1.2 MiB". Returns room. */
char *text_size(char *room, size_t size, uint64_t octets);

/*
 * Formats how long ago something was: "3 hours ago". A time in the future is
 * "just now". Returns room.
 */
char *text_age(char *room, size_t size, int64_t seconds);

/* Formats a duration as "0:04", "12:30" or "3:05:09". Returns room. */
char *text_clock(char *room, size_t size, int64_t seconds);

#endif
