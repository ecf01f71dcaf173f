/* SPDX-License-Identifier: ISC */
/* What the user asks for: options, a command, accounts, and its words. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
	COMMAND_CHECK,
	COMMAND_FETCH,
	COMMAND_HISTORY,
	COMMAND_HOLD,
	COMMAND_IMPORT,
	COMMAND_LIST,
	COMMAND_MARK_SEEN,
	COMMAND_REBUILD,
	COMMAND_RELEASE,
	COMMAND_RENAME,
	COMMAND_RETRY,
	COMMAND_STATUS,
	COMMAND_VERIFY,
};

struct command_line {
	enum command command;
	bool implied;	    /* no command was named: it is fetch */
	unsigned given;	    /* command_line.c's: options it may not take */
	bool online;	    /* the command talks to servers */
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
	char **names; /* borrowed; of accounts */
	size_t name_count;
	char **words; /* borrowed; what follows an account's name */
	size_t word_count;
};

/*
 * Takes main's arguments. False: the program is to end with *status; whatever
 * there was to say has been said (--help, --version, a mistake).
 */
bool command_line_parse(
	struct command_line *line, int argc, char **argv, int *status);

/*
 * The command, or the other name (count of them), that was probably meant by
 * word, as text_nearest; others before commands where both are as near.
 */
const char *command_line_nearest(
	const char *word, const char *const *others, size_t count);

bool command_line_is_command(const char *word);

void command_line_release(struct command_line *line);

/* Says a mistake on standard error, and where to look; returns EX_USAGE. */
int command_line_mistake(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
