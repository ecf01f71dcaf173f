/* SPDX-License-Identifier: ISC */
/* What the files of the rc parser share. */
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

/* Adds a mistake at a place in the current line. */
void rc_mistake(struct rc_reader *reader, const char *at, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Adds a mistake at a place. */
void rc_add_mistake(struct rc *rc, struct rc_place place, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Sorts the mistakes and sets believed and doubtful. */
void rc_settle(struct rc *rc);

/* Adds the mistake of an unknown setting, and suggests which was meant. */
void rc_add_unknown(struct rc *rc, struct rc_place place, const char *name);

bool rc_is_blank(char c);

/* Line and column of a place in the current line. */
struct rc_place rc_place_of(const struct rc_reader *reader, const char *at);

/*
 * Skips blanks and comments, and also characters that only look like blanks,
 * which are mistakes.
 */
void rc_skip_blanks(struct rc_reader *reader);

/*
 * Reads the bare word or quoted string that begins at reader->at. A bare word
 * may be followed by any of ends. The caller owns the result, and wipes it.
 * NULL if there was a mistake, which was added; at is then after what was
 * understood.
 */
char *rc_read_value(struct rc_reader *reader, const char *ends);

/*
 * The size of the character at at, in bytes; 0 if it is a blank or quotation
 * mark other than those of ASCII, or invisible.
 */
size_t rc_plain_size(const char *at, const char *stop);

/* Is there a typographic quotation mark at this place of the line? */
bool rc_is_typographic(const struct rc_reader *reader, const char *at);

/* Adds the mistake that there is one. */
void rc_refuse_typographic(struct rc_reader *reader, const char *at);

/* Skips the rest of a word that was not understood. */
void rc_skip_word(struct rc_reader *reader);

/* Adds a statement; rc then owns name and value. */
void rc_add_statement(struct rc_reader *reader, enum rc_kind kind,
	struct rc_place place, char *name, char *value);

/* Reads all statements of the current line. */
void rc_read_line(struct rc_reader *reader);

/* A copy of length bytes, terminated by NUL; and how it is wiped and freed. */
char *rc_copy(const char *bytes, size_t length);
void rc_wipe(char *text);

#endif
