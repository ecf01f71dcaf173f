/* SPDX-License-Identifier: ISC */
/* What the user asks for: options, a command, accounts, and its words. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"

struct command;

struct options {
	unsigned given;	    /* OPTION_BIT of each */
	const char **files; /* owned array of borrowed names */
	size_t file_count;
	const char *state_dir;
	const char *from;
	bool trust_times;
	uint64_t jobs; /* 0: as the rc file says */
	int verbose;
	bool quiet;
	bool dry_run;
	bool keep;
	bool json;
	bool local;
	bool no_brake;
	bool refetch;
	bool same_mailbox;
	int progress; /* 1: on, 0: off, -1: on a terminal */
};

/* A command, and all that it is to be run with. */
struct invocation {
	struct options options;
	const struct command *command;
	bool implied; /* no command was named: it is fetch */
	char **names; /* borrowed; of accounts */
	size_t name_count;
	char **words; /* borrowed; the other arguments of the command */
	size_t word_count;
	/* The accounts named, or all: chosen once the rc file is read. */
	struct account **accounts; /* borrowed */
	size_t account_count;
	const volatile sig_atomic_t *stop; /* not 0: a signal came */
};

/*
 * Takes main's arguments. False: the program is to end with *status; whatever
 * there was to say has been said (--help, --version, a mistake).
 */
bool command_line_parse(
	struct invocation *invocation, int argc, char **argv, int *status);

void command_line_release(struct invocation *invocation);

#endif
