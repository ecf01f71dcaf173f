/* SPDX-License-Identifier: ISC */
/*
 * A process that runs a command for this one: started before confine_worker,
 * after which no program can be started, and therefore not confined.
 */
#ifndef IO_PROCESS_HELPER_H
#define IO_PROCESS_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "io/process/patience.h"

#define HELPER_VARIABLES 4
/* Room for a uid with each of its bytes escaped. */
#define HELPER_VALUE_MAX 4200
#define HELPER_OUTPUT_MAX 1024

/* Initialise with fd = -1. */
struct helper {
	int fd; /* a socket that does not block: results arrive here */
	pid_t pid;
};

/* One run of the command. */
struct helper_job {
	char values[HELPER_VARIABLES][HELPER_VALUE_MAX];
};

enum helper_fault {
	HELPER_NONE,
	HELPER_INPUT, /* the message could not be copied for the command */
	HELPER_START, /* it could not be started */
	/* What it wrote could not be copied: see struct command, error. */
	HELPER_OUTPUT,
};

struct helper_result {
	enum helper_fault fault;
	int error;			/* errno, if there is one */
	bool killed;			/* it was not left to end by itself */
	int status;			/* as waitpid gives it */
	size_t length;			/* of output */
	char output[HELPER_OUTPUT_MAX]; /* the end of what it printed; any
					 * bytes, not terminated */
};

/* What it runs, always the same; borrowed until helper_start returns. */
struct helper_setup {
	const char *line; /* as in command.h */
	bool clean;
	int64_t seconds;       /* after which the command is killed */
	const char *directory; /* for copies of its input */
	/* If it is set, this is called in the place of a command, and ends once
	 * the patience is over. Sets all of the result but fault and killed, in
	 * its own way. */
	void (*work)(void *data, const struct helper_job *job, int input,
		const struct patience *wait, struct helper_result *result);
	void *work_data;
	/* Wipes what the helper need not know; or NULL. */
	void (*forget)(void *data);
	void *forget_data;
	/* The variables that are added to the command's environment. */
	const char *names[HELPER_VARIABLES];
	size_t count;
};

/* Fails with ERROR_TEMPORARY. */
bool helper_start(struct helper *helper, const struct helper_setup *setup,
	struct error *err);

/*
 * Starts the command; its standard input is a copy of the file input, which can
 * be changed once the result is there. What it wrote to standard output is
 * copied to the file output, which is empty, or, if that is -1, is in the
 * result, as its standard error is. A struct helper_result will arrive at
 * helper->fd; until then no other job can be sent. False with errno set.
 */
bool helper_send(struct helper *helper, const struct helper_job *job, int input,
	int output);

/*
 * Asks the command that is running to end, and soon kills it. Its result
 * arrives nevertheless; then the helper ends. The same happens if this process
 * ends.
 */
void helper_hurry(struct helper *helper);

/* Lets it end by itself, when it is done with what it does; waits for nothing.
 */
void helper_leave(struct helper *helper);

/* Ends it, and a command that is running, and waits for that. */
void helper_close(struct helper *helper);

#endif
