/* SPDX-License-Identifier: ISC */
/*
 * The text of an rc file: keepmailrc(5), "Syntax". What stands in it comes out
 * as statements; what cannot be understood comes out as mistakes. A statement
 * ends with its line, so that one mistake never swallows what follows it.
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
	/* Owned; wiped when freed, since any may hold a secret. name is NULL
	 * for RC_END and for an account that has no good name, which is a
	 * mistake; value is there for RC_SETTING alone. */
	char *name;
	char *value;
	/* Of RC_ACCOUNT: a mistake stands in it, so that nobody can tell what
	 * it lacks. */
	bool doubtful;
};

struct rc_mistake {
	struct rc_place place;
	char *text; /* owned: what is wrong and what to do; no secret in it */
};

struct rc {
	/* All that could be read. RC_ACCOUNT and RC_END take turns. */
	struct rc_statement *statements;
	size_t count;
	/*
	 * Those on lines before the first mistake. The others are there so that
	 * further mistakes can be found in them, and for nothing else.
	 */
	size_t believed;
	struct rc_mistake *mistakes; /* in the order of their places */
	size_t mistake_count;
	bool doubtful; /* a mistake stands outside of the accounts */
};

/*
 * Reads the syntax of text (length bytes of any value; it may be NULL when
 * there are none) into rc. variable gives the value of an environment variable,
 * or NULL. True if there was no mistake. rc is to be released in any case.
 */
bool rc_parse(struct rc *rc, const char *text, size_t length,
	const char *(*variable)(const char *name));

/*
 * Adds the mistakes of what the statements say: settings and account names that
 * do not exist, values that are not what is expected, and what stands there
 * twice or contradicts. True if there is no mistake at all.
 */
bool rc_check(struct rc *rc);

/* The value of the setting jobs; false, *jobs unchanged, if it is none. */
bool rc_parse_jobs(const char *text, unsigned *jobs);

/* Wipes and frees what it holds; safe on a zeroed struct. */
void rc_release(struct rc *rc);

#endif
