/* SPDX-License-Identifier: ISC */
/* The command line: options, a command, accounts, and other arguments. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"

struct command;

/* The options of setup alone. */
struct setup_options {
	const char **sets; /* owned array of borrowed strings */
	size_t set_count;
	const char *autoconfig;
	const char *name;
};

struct options {
	unsigned given;	    /* OPTION_BIT of each option given */
	const char **files; /* owned array of borrowed strings */
	size_t file_count;
	const char *state_dir;
	const char *from;
	const char *key;
	struct setup_options setup;
	bool trust_times;
	uint64_t jobs; /* 0: use the rc file's setting */
	int verbose;
	bool quiet;
	bool dry_run;
	bool keep;
	bool json;
	bool local;
	bool no_brake;
	bool refetch;
	bool same_mailbox;
	int progress; /* 1: on, 0: off, -1: only on a terminal */
};

/* A command and everything that it is run with. */
struct invocation {
	struct options options;
	const struct command *command;
	bool implied; /* no command was given, which means fetch */
	char **names; /* borrowed; names of accounts */
	size_t name_count;
	char **words; /* borrowed; the command's other arguments */
	size_t word_count;
	/* The accounts named, or all; set by choice_make. */
	struct account **accounts; /* owned array of borrowed accounts */
	size_t account_count;
	const volatile sig_atomic_t *stop; /* not 0: a signal came */
};

/*
 * Parses main's arguments. Returns false if the program is to exit with
 * *status; any output has been printed then (--help, --version, a usage error).
 * Call command_line_release in any case.
 */
bool command_line_parse(
	struct invocation *invocation, int argc, char **argv, int *status);

void command_line_release(struct invocation *invocation);

#endif
