/* SPDX-License-Identifier: ISC */
/* What reading an rc file's lines, words and meaning share. */
#ifndef CORE_RC_INTERNAL_H
#define CORE_RC_INTERNAL_H

#include "core/rc.h"

/* The account that is being read. */
struct rc_open_account {
	struct rc_place place; /* where it begins; line 0: none is open */
	char name[256];	       /* printable */
	size_t depth;	       /* open blocks in it that are not accounts */
	bool begins_here;      /* it begins on the line that is being read */
	bool brace_due; /* its { was missing, and may be on the next line */
	bool reported;	/* that its } is missing */
	/* After a mistake: it is not known which } closes it. */
	bool end_unclear;
};

struct rc_reader {
	struct rc *rc;
	const char *(*variable)(const char *name);
	const char *next; /* where the next line begins */
	const char *end;  /* of the text */
	/* The line that is being read, without its line end, and how far. */
	const char *begin;
	const char *at;
	const char *stop;
	size_t line;
	struct rc_place comment; /* where an open one begins; line 0: none */
	struct rc_open_account account;
	/* Further mistakes on this line would only follow from an earlier one,
	 * and are not reported. */
	bool suppressed;
	/* The line contains a password, or what may be part of one: it must not
	 * be shown. */
	bool hidden;
	bool mistaken; /* a mistake was found on this line */
	/* Why nothing but } may follow on this line; or NULL. */
	const char *must_end;
	/* The value before is in quotes: its end is clear, so another setting
	 * may follow on the line. */
	bool was_quoted;
	/* For mistakes in a value: "the value of NAME", and "NAME = VALUE". */
	char subject[300];
	char usage[300];
};

/* Adds a mistake; at stands in the line that is read. */
void rc_mistake(struct rc_reader *reader, const char *at, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Adds a mistake at a place. */
void rc_add_mistake(struct rc *rc, struct rc_place place, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Brings the mistakes into order, and tells what is believed, and doubtful. */
void rc_settle(struct rc *rc);

/* Adds that there is no such setting, and which one was probably meant. */
void rc_add_unknown(struct rc *rc, struct rc_place place, const char *name);

bool rc_is_blank(char c);

/* A place of the line that is read. */
struct rc_place rc_place_of(const struct rc_reader *reader, const char *at);

/*
 * Passes over blanks and comments. What only looks like a blank is a mistake,
 * and is passed over, too.
 */
void rc_skip_blanks(struct rc_reader *reader);

/*
 * Reads a word or a quoted string that begins at reader->at and, if it is a
 * word, may be ended by any of ends. NULL with the mistake added, and at behind
 * what was understood; else the caller owns it, and wipes it.
 */
char *rc_read_value(struct rc_reader *reader, const char *ends);

/*
 * Bytes of the character that begins at at; 0 if it looks like a blank, a
 * quotation mark or nothing, and is none.
 */
size_t rc_plain_size(const char *at, const char *stop);

/* Is there a quotation mark of typographers at this place of the line? */
bool rc_is_typographic(const struct rc_reader *reader, const char *at);

/* Adds the mistake that it is one. */
void rc_refuse_typographic(struct rc_reader *reader, const char *at);

/* Passes over the rest of a word that was not understood. */
void rc_skip_word(struct rc_reader *reader);

/* Adds a statement of the line; rc owns name and value. */
void rc_add_statement(struct rc_reader *reader, enum rc_kind kind,
	struct rc_place place, char *name, char *value);

/* Reads all statements of the line that was begun. */
void rc_read_line(struct rc_reader *reader);

/* A copy of length bytes, with a NUL behind them; and its end, wiped. */
char *rc_copy(const char *bytes, size_t length);
void rc_wipe(char *text);

#endif
