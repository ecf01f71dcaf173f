/* SPDX-License-Identifier: ISC */
/* The options of a run and its outcome. */
#ifndef ENGINE_OUTCOME_H
#define ENGINE_OUTCOME_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/tally.h"

struct run_options {
	bool dry_run;
	bool json;
	bool keep;	   /* erase nothing at all */
	bool no_brake;	   /* erase even if copies are missing here */
	bool same_mailbox; /* accept a store of another server or user */
	bool verbose;	   /* a dry run also lists what stays */
	unsigned
		columns; /* width of the terminal for lists; 0: none, or JSON */
	bool bar;	 /* draw progress in this process */
	const volatile sig_atomic_t
		*stop; /* not 0: a signal came, end the run */
};

enum next_session {
	NEXT_NONE,
	NEXT_MORE,	  /* the server may show more in another session */
	NEXT_AFTER_BREAK, /* the session broke while other messages waited */
};

/*
 * The outcome of an account's run, over all its sessions. Zero before the
 * first.
 */
struct outcome {
	struct tally tally;
	struct error error; /* the last one */
	bool unsaid;	    /* it broke a session and was not reported yet */
	int64_t began; /* seconds since 1970; set before the first session */
	unsigned sessions;  /* number of sessions started */
	unsigned broken;    /* sessions broken by a message */
	size_t in_trouble;  /* failed messages after the last of these */
	char breaker[80];   /* uid of the last message to break one; cut */
	unsigned breaks;    /* how many times in a row it broke one */
	unsigned fruitless; /* sessions in a row that broke and kept nothing */
	int earlier;	    /* exit status before the first of these */
	enum next_session after; /* why this session follows another one */
	bool windowed; /* the server may show part of the mailbox at a time */
	enum next_session
		next; /* another session follows, and reports for both */
};

/*
 * Takes over the outcome that a child wrote to shared memory. Since a malicious
 * server may control the child, text is made printable, values are checked, and
 * the number of sessions and the start time come from ours.
 */
void outcome_take(struct outcome *ours, const struct outcome *said);

#endif
