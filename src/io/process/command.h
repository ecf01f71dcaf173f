/* SPDX-License-Identifier: ISC */
/* Runs a command of the rc file under /bin/sh, but not for ever. */
#ifndef IO_PROCESS_COMMAND_H
#define IO_PROCESS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/process/patience.h"

struct command_variable {
	const char *name;
	const char *value;
};

/* What is run, and how; all borrowed. */
struct command_plan {
	/* Exactly as it is in the rc file: no part of it may come from a
	 * server or a message. */
	const char *line;
	/* It is run for another user than the one who started keepmail: of
	 * the environment it gets only variables that are safe for that, and
	 * none of the files that were open. */
	bool clean;
	bool has_input; /* its standard input is the file input */
	int input;
	bool reads_errors; /* standard error is read with standard output, or,
			    * if that goes to a file, in its place */
	bool has_output; /* its standard output is copied to the file output */
	int output;
	uint64_t output_max; /* in bytes; if it writes more, it is not copied */
	const struct command_variable *variables; /* added to its environment */
	size_t variable_count;
};

/* A command that was started. */
struct command {
	pid_t child;
	int output; /* the other end is what is read; -1: no more of it */
	/* With a file for its standard output: */
	int text;      /* the other end is that; -1: all of it was copied */
	int file;      /* borrowed */
	uint64_t room; /* in bytes, for more of it */
	off_t copied;
	int error; /* errno: it was not copied as a whole. EFBIG: it was too
		    * much; EBUSY: there is no end, since a process that the
		    * command left running keeps it open */
	bool ended;
	int64_t ended_at; /* monotonic, in milliseconds */
	bool hurried;	  /* it got a signal to end */
	int status;	  /* once it ended: as waitpid gives it */
};

/* What is done with output that there is no room for. */
enum command_rest {
	COMMAND_REST_UNREAD, /* it is not read */
	COMMAND_REST_LAST,   /* it takes the place of what came before it */
};

/* False with errno set. */
bool command_start(struct command *command, const struct command_plan *plan);

/*
 * Reads what the command prints until it ends, even if a process that it
 * started (an agent, say) keeps its output open. Standard output that is copied
 * to a file is waited for to its end, for a while. Returns the number of bytes;
 * -1: see errno; -2: the patience is over.
 */
ssize_t command_read(struct command *command, char *bytes, size_t size,
	enum command_rest rest, const struct patience *patience);

/*
 * Closes its output, and waits until it has ended. When the patience is over,
 * it is killed; if grace is not 0, it gets SIGTERM first, and this many seconds
 * to end. Returns false if it was killed.
 */
bool command_end(struct command *command, const struct patience *patience,
	unsigned grace);

#endif
