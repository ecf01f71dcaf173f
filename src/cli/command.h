/* SPDX-License-Identifier: ISC */
/*
 * The tables of commands and options, from which getopt's arrays, --help, usage
 * lines, completions and the manual's tests are derived.
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
	OPTION_KEY,
	OPTION_BROWSER,
	OPTION_DEVICE,
	OPTION_PASTE,
	OPTION_SET,
	OPTION_PRINT,
	OPTION_AUTOCONFIG,
	OPTION_NAME,
	OPTION_HELP,
	OPTION_VERSION,
};
#define OPTION_COUNT (OPTION_VERSION + 1)
#define OPTION_BIT(id) (1U << (id))

struct option_row {
	const char *name;     /* long name */
	char letter;	      /* or '\0' */
	const char *argument; /* its name in the manual; or NULL */
	const char *help;     /* one line */
	/* Permitted arguments (value_count of them); NULL: see help. */
	const char *const *values;
	size_t value_count;
};

extern const struct option_row option_rows[OPTION_COUNT];

/* What follows the name of a command. */
enum operands {
	OPERANDS_ACCOUNTS_OR_ALL, /* any number of accounts; none means all */
	OPERANDS_ACCOUNTS,	  /* at least one account */
	OPERANDS_ACCOUNT_WORDS,	  /* one account, then words */
	OPERANDS_WORD_ACCOUNT,	  /* one word, then one account */
	OPERANDS_WORDS,		  /* no account, and no rc file is read */
};

struct command {
	const char *name;
	const char *arguments; /* as in the manual's synopsis */
	const char *summary;   /* one line */
	unsigned options;      /* accepted options: OPTION_BIT of each */
	unsigned required;     /* those of them that are required */
	enum operands operands;
	size_t words_min; /* minimum and maximum number of words */
	size_t words_max;
	bool online; /* contacts servers */
	/* Returns an exit status; NULL: answered by command_line_parse. */
	int (*run)(const struct invocation *invocation);
};

/*
 * Returns the table and sets *count to its number of rows. The first row is
 * fetch.
 */
const struct command *command_table(size_t *count);

/* Returns NULL if there is no command with this name. */
const struct command *command_find(const char *name);

/* Returns the only command that takes this option, or NULL if several do. */
const struct command *command_only_one_with(enum option_id id);

/*
 * Returns the command, or the other name (count of them), that word was
 * probably meant as, or NULL, as text_nearest does. If both are equally near,
 * the other name is preferred.
 */
const char *command_nearest(
	const char *word, const char *const *others, size_t count);

/*
 * The commands. Before calling them, main has read the rc file, selected the
 * accounts and, for online commands, initialised libcurl. Each returns the
 * worst exit status of its accounts.
 */

/*
 * Fetches new mail and applies the retention policy of each account. Whatever
 * goes wrong, and whenever it is killed, no message is lost: see the commit
 * ladder in HACKING.
 */
int command_fetch(const struct invocation *invocation);

/*
 * Tests, for each account, its destination, its store, its password, its server
 * and the login, and prints a line for each test or a JSON object for the
 * account. Creates nothing, here or on the server, and takes no lock. Returns
 * the worst status that a run would have.
 */
int command_check(const struct invocation *invocation);

/*
 * Prints the state of each account, or a JSON object for each. Works during a
 * run and contacts no server. A failed run does not affect the status.
 */
int command_status(const struct invocation *invocation);

/*
 * Prints an account's recorded runs or, if uids are given, what is known of
 * those messages; or a JSON object for each. Returns EX_USAGE (64), and prints
 * nothing, if a uid is unknown.
 */
int command_history(const struct invocation *invocation);

/* Prints what is on the server and what a fetch would do. Changes nothing. */
int command_list(const struct invocation *invocation);

/*
 * Exempts messages from all deletion rules. If any uid is unknown, nothing is
 * changed.
 */
int command_hold(const struct invocation *invocation);

/* Makes the rules apply again. If any uid is unknown, nothing is changed. */
int command_release(const struct invocation *invocation);

/* Makes the next run retry these messages, or all that failed. */
int command_retry(const struct invocation *invocation);

/*
 * Marks the messages that another program has fetched from this mailbox as
 * seen, in one transaction; messages on record are left as they are. Fails if
 * the server lists none of them, since it is then another mailbox or the uids
 * have changed.
 */
int command_import(const struct invocation *invocation);

/* Marks as seen whatever the servers list now and is not on record. */
int command_mark_seen(const struct invocation *invocation);

/* Rebuilds a lost store from the mail that is here. */
int command_rebuild(const struct invocation *invocation);

/* Renames the store of an account that was renamed in the rc file. */
int command_rename(const struct invocation *invocation);

/*
 * Compares the mail with the recorded digests, and prints each message that is
 * missing, changed or unreadable and a summary, as lines or JSON objects. With
 * --refetch, those still listed by the server are fetched again; a changed file
 * stays where it is. Returns EX_DATAERR (65) if anything is wrong that is not
 * to be fetched again.
 */
int command_verify(const struct invocation *invocation);

/*
 * Decrypts a message that was stored by an account with the setting encrypt,
 * from a file or standard input, and prints it. Returns EX_DATAERR (65), and
 * prints nothing, if the key does not fit.
 */
int command_decrypt(const struct invocation *invocation);

/*
 * Logs in to the provider of an account by OAuth, and records the login, which
 * is then renewed by each run. An earlier login is kept if this fails.
 */
int command_login(const struct invocation *invocation);

/* Removes the recorded login of an account. */
int command_logout(const struct invocation *invocation);

/*
 * Adds an account for a mail address to the rc file: finds its server, asks
 * what is missing, and tests it first. Nothing that is there is changed.
 */
int command_setup(const struct invocation *invocation);

#endif
