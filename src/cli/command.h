/* SPDX-License-Identifier: ISC */
/*
 * The commands and the options: one table of each. getopt's arrays, --help, the
 * usage lines, the completions, and the tests of the manual come from these.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"

/* In the order in which usage lines show them. */
enum option_id {
	OPTION_CONFIG,
	OPTION_KEEP,
	OPTION_DRY_RUN,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_JOBS,
	OPTION_JSON,
	OPTION_LOCAL,
	OPTION_PROGRESS,
	OPTION_NO_PROGRESS,
	OPTION_NO_BRAKE,
	OPTION_REFETCH,
	OPTION_SAME_MAILBOX,
	OPTION_STATE_DIR,
	OPTION_FROM,
	OPTION_TRUST_TIMES,
	OPTION_HELP,
	OPTION_VERSION,
};
#define OPTION_COUNT (OPTION_VERSION + 1)
#define OPTION_BIT(id) (1U << (id))

struct option_row {
	const char *name;     /* the long one */
	char letter;	      /* '\0': none */
	const char *argument; /* what the manual calls it; NULL: none */
	const char *help;     /* one line */
	/* What the argument may be (value_count of them); NULL: see help. */
	const char *const *values;
	size_t value_count;
};

extern const struct option_row option_rows[OPTION_COUNT];

/* What stands behind the name of a command. */
enum operands {
	OPERANDS_ACCOUNTS_OR_ALL, /* any number of accounts; none: all */
	OPERANDS_ACCOUNTS,	  /* at least one account */
	OPERANDS_ACCOUNT_WORDS,	  /* one account, then words */
	OPERANDS_WORD_ACCOUNT,	  /* one word, then one account */
	OPERANDS_WORDS,		  /* no account */
};

struct command {
	const char *name;
	const char *arguments; /* as in the manual's synopsis */
	const char *summary;   /* one line */
	unsigned options;      /* that it takes: OPTION_BIT of each */
	unsigned required;     /* of those: must be given */
	enum operands operands;
	size_t words_min; /* of words, where there are any */
	size_t words_max;
	bool online; /* it contacts servers */
	/* Returns an exit status; NULL: answered by command_line_parse. */
	int (*run)(const struct invocation *invocation);
};

/* The table; count of its rows in *count. The first row is fetch. */
const struct command *command_table(size_t *count);

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

/* The only command that takes the option; NULL: several do. */
const struct command *command_only_one_with(enum option_id id);

/*
 * The command, or the other name (count of them), that was probably meant by
 * word, as text_nearest; others before commands where both are as near.
 */
const char *command_nearest(
	const char *word, const char *const *others, size_t count);

/*
 * What the commands do. main has read the rc file, chosen the accounts, and
 * made libcurl ready for those that contact servers. Each returns the worst
 * exit status of its accounts.
 */

/*
 * Fetches what is new and applies the retention policies, as the plans say.
 * Whatever goes wrong, and wherever it is killed, no message is lost: see the
 * commit ladder in HACKING.
 */
int command_fetch(const struct invocation *invocation);

/*
 * Tests for each account where its mail and its store go, its password, its
 * server, and the login; prints a line for each, or a JSON object for the
 * account. Nothing is created, here or on the server, and no lock is taken. The
 * status is the worst that a run would have.
 */
int command_check(const struct invocation *invocation);

/*
 * Prints how each account is, or a JSON object for each, also during a run;
 * contacts no server. That a run failed does not change the status.
 */
int command_status(const struct invocation *invocation);

/*
 * Prints an account's recorded runs, or, with uids, what is known of those
 * messages; or JSON, one object for each. 64 when a uid is not known; nothing
 * is printed then.
 */
int command_history(const struct invocation *invocation);

/* Prints what is on the server and what a fetch would do; changes nothing. */
int command_list(const struct invocation *invocation);

/* No rule deletes these messages. If one uid is not known, nothing changes. */
int command_hold(const struct invocation *invocation);

/* The rules apply again. If one uid is not known, nothing changes. */
int command_release(const struct invocation *invocation);

/* The next run tries these messages, or all that failed, again. */
int command_retry(const struct invocation *invocation);

/*
 * Marks what another program has fetched of this mailbox as seen, in one
 * transaction; what is known here stays as it is. Refused when the server lists
 * none of it: it is another mailbox's then, or the uids have changed.
 */
int command_import(const struct invocation *invocation);

/* Marks what the servers list now, and is not known, as seen. */
int command_mark_seen(const struct invocation *invocation);

/* Makes a lost store again, from the mail that is here. */
int command_rebuild(const struct invocation *invocation);

/* Gives the store of an account that had another name its new one. */
int command_rename(const struct invocation *invocation);

/*
 * Compares the mail with the recorded digests, and prints what is missing,
 * changed or unreadable, in a line each and a summary, or as JSON, an object
 * each. With --refetch those that the server still lists are fetched again; a
 * changed file stays where it is. 65 when anything is wrong that is not to be
 * fetched again.
 */
int command_verify(const struct invocation *invocation);

#endif
