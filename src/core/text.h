/* SPDX-License-Identifier: ISC */
/* Words: what strangers sent made printable, and what users write parsed. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most octets of a stranger's text that are ever shown. */
#define TEXT_SHOWN_MAX 200

/*
 * Writes bytes (length octets, any value) into room so that they are safe on a
 * terminal and in a log: well-formed UTF-8 stays; C0 and C1 controls, DEL,
 * bidirectional and other invisible format characters, line separators and
 * malformed bytes become \xNN, but for a joiner between two emoji (text_next).
 * At most TEXT_SHOWN_MAX octets of input are shown, then "...". Always
 * terminated; nothing is cut in mid-character, and no joiner is the last. room
 * must hold at least 8 octets. Returns room.
 */
char *text_printable(char *room, size_t size, const char *bytes, size_t length);

/* The same for sentences of our own that were stored: as long as room is. */
char *text_printable_long(
	char *room, size_t size, const char *bytes, size_t length);

/*
 * Octets in the well-formed UTF-8 sequence (RFC 3629) that starts at bytes, 1
 * to 4; 0 when it is malformed or cut off. code gets its code point.
 */
size_t text_utf8(const char *bytes, size_t length, uint32_t *code);

/* ZERO WIDTH JOINER, and its length in UTF-8. */
#define TEXT_JOINER 0x200d
#define TEXT_JOINER_OCTETS 3

/*
 * Octets of what comes next: of a character, as text_utf8; or of a joiner and
 * the emoji behind it (more than TEXT_JOINER_OCTETS), where that is joined to
 * an emoji before it, as in a family. Up to four are joined; all other joiners
 * are characters like any other. code gets the first code point. *emoji is 0
 * where the text begins, and is for the next call: how many are joined so far.
 */
size_t text_next(
	const char *bytes, size_t length, unsigned *emoji, uint32_t *code);

/* Does this say how the emoji before it is drawn, in what colour of skin? */
bool text_varies_emoji(uint32_t code);

/* Would this character move the cursor, reorder or hide what is shown? */
bool text_is_unsafe(uint32_t code);

/*
 * The setting of names (count of them) that was probably meant by word: the
 * nearest by edit distance, at most a third of its length away, or NULL.
 */
const char *text_nearest(
	const char *word, const char *const *names, size_t count);

/*
 * Parses "30 days", "12h", "90" and the like: a whole number and a unit
 * (seconds, minutes, hours, days, weeks, or their first letters); without a
 * unit, the unit given in seconds by unit (0: a unit must be there). False
 * when it is not that, or beyond 100 years; *seconds is untouched then.
 */
bool text_parse_duration(const char *text, int64_t unit, int64_t *seconds);

/*
 * Parses a size in octets, a whole number: "20000000", "20M", "20 MB". K, M and
 * G (also KB, KiB, ...) are powers of 1024. False when it is not that; *octets
 * is untouched then.
 */
bool text_parse_size(const char *text, uint64_t *octets);

/* Parses a whole decimal number of at most max; false when it is not that. */
bool text_parse_number(const char *text, uint64_t max, uint64_t *number);

/*
 * Writes length octets in base64 (RFC 4648 section 4) and a NUL: to must hold
 * 4 * ((length + 2) / 3) + 1. Returns the length of the text.
 */
size_t text_base64(char *to, const unsigned char *from, size_t length);

/* one where n is 1, else many: "1 message", "2 messages". */
const char *text_plural(uint64_t n, const char *one, const char *many);

/* Writes octets as people read them: "812 B", "41 KiB", "1.2 MiB". */
char *text_size(char *room, size_t size, uint64_t octets);

/* Writes how long ago it was: "3 hours ago"; a future is "just now". */
char *text_age(char *room, size_t size, int64_t seconds);

/* Writes seconds as "0:04", "12:30" or "3:05:09". */
char *text_clock(char *room, size_t size, int64_t seconds);

#endif
