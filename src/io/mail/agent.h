/* SPDX-License-Identifier: ISC */
/*
 * A command of the rc file that is run once for each message: a delivery agent,
 * or a filter. Its exit status says what became of the message.
 */
#ifndef IO_MAIL_AGENT_H
#define IO_MAIL_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/uid.h"
#include "io/mail/destination.h"
#include "io/mail/peer.h"
#include "io/process/helper.h"

/* Initialise by agent_init. */
struct agent {
	struct helper helper;
	struct peer peer;      /* the helper's socket, which peer closes */
	char *where;	       /* owned; how users call it */
	char *account;	       /* owned; its name */
	const char *directory; /* of spool files; borrowed */
	const char *setting;   /* its name, as in "pipe" */
	int seconds;	       /* that the command may take for a message */
};

/* What is run. */
struct agent_command {
	const char *setting; /* static */
	const char *line;
	int64_t seconds;
};

/* What the command is told. The bytes are borrowed. */
struct agent_job {
	struct uid uid;
	const unsigned char *identity; /* LETTER_DIGEST bytes: of its header, or
					* its text */
	const char *sender;	       /* Return-Path, or "" */
	int input;		       /* a file, which it reads */
	int output;		       /* a file, which it writes; or -1 */
};

void agent_init(struct agent *agent);

/* How users call it, in new memory: "the command 'procmail'". */
char *agent_words(const struct agent_command *command);

/*
 * Starts the helper that will run the command. Fails with ERROR_CREATE if the
 * command cannot be found. agent_close must be called in any case.
 */
bool agent_open(struct agent *agent, const struct agent_command *command,
	const struct destination_opening *opening, struct error *err);

void agent_close(struct agent *agent);

/*
 * Runs the command and waits until it has ended. VERDICT_PUBLISHED: with status
 * 0. VERDICT_REFUSED: with another status that concerns this message only; *why
 * says which. VERDICT_DEFERRED or VERDICT_FAILED, with ERROR_TEMPORARY: it
 * should not be run again now; after VERDICT_FAILED it may have done its work.
 */
enum verdict agent_run(struct agent *agent, const struct agent_job *job,
	struct error *why, struct error *err);

/* Can the command be found? Fails with ERROR_CREATE. */
bool agent_check(const char *setting, const char *command, struct error *err);

#endif
