/* SPDX-License-Identifier: ISC */
/*
 * Parses the text of an rc file (keepmailrc(5), "Syntax") into statements, and
 * into mistakes for what cannot be parsed. A statement ends with its line, so
 * that a mistake does not affect the lines after it.
 */
#ifndef CORE_RC_H
#define CORE_RC_H

#include <stdbool.h>
#include <stddef.h>

struct rc_place {
	size_t line;   /* from 1 */
	size_t column; /* from 1, in characters (of UTF-8) */
};

enum rc_kind {
	RC_SETTING, /* name = value */
	RC_ACCOUNT, /* account name { */
	RC_END,	    /* the } of the account before it */
	RC_INCLUDE, /* include("name") */
};

struct rc_statement {
	enum rc_kind kind;
	struct rc_place place; /* where it begins */
	/* Owned; wiped when freed, since any may contain a secret. name is NULL
	 * for RC_END, and for an account without a name, which is a mistake;
	 * value is set for RC_SETTING only. */
	char *name;
	char *value;
	/* RC_ACCOUNT: there is a mistake in it, so it is unknown which settings
	 * it lacks. */
	bool doubtful;
};

struct rc_mistake {
	struct rc_place place;
	char *text; /* owned: what is wrong and what to do; without secrets */
};

struct rc {
	/* All that could be parsed. RC_ACCOUNT and RC_END alternate. */
	struct rc_statement *statements;
	size_t count;
	/*
	 * How many are on lines before the first mistake. The others serve only
	 * to find further mistakes.
	 */
	size_t believed;
	struct rc_mistake *mistakes; /* in the order of their places */
	size_t mistake_count;
	bool doubtful; /* there is a mistake outside of the accounts */
};

/*
 * Parses text (length bytes of any value; may be NULL if length is 0) into rc.
 * variable returns the value of an environment variable, or NULL. True if there
 * is no mistake. rc is to be released in any case.
 */
bool rc_parse(struct rc *rc, const char *text, size_t length,
	const char *(*variable)(const char *name));

/*
 * Checks what the statements mean, and adds mistakes for unknown settings, bad
 * names of accounts, bad values, duplicates and contradictions. True if there
 * is no mistake at all.
 */
bool rc_check(struct rc *rc);

/* Parses the value of jobs; false, *jobs unchanged, if it is not valid. */
bool rc_parse_jobs(const char *text, unsigned *jobs);

/* Wipes and frees what it contains; safe on a zeroed struct. */
void rc_release(struct rc *rc);

#endif
