/* SPDX-License-Identifier: ISC */
/* What a run is asked to do, and what comes of it. */
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
	bool no_brake;	   /* whatever is missing here */
	bool same_mailbox; /* whatever the store says of server and user */
	bool verbose;	   /* a dry run lists what stays, too */
	unsigned columns;  /* of the terminal that a list goes to; 0: none */
	bool bar;	   /* draw progress here: nobody else does */
	const volatile sig_atomic_t *stop; /* not 0: end, as after an error */
};

enum next_session {
	NEXT_NONE,
	NEXT_MORE,	  /* the server may show more, next time */
	NEXT_AFTER_BREAK, /* the session broke, and others wait */
};

/* What an account's run comes to over its sessions; zeroed before the first. */
struct outcome {
	struct tally tally;
	struct error error; /* the last one */
	bool unsaid;	    /* it broke a session, and was not reported */
	int64_t began;	    /* the run; set before its first session */
	unsigned sessions;  /* that were begun */
	unsigned broken;    /* of them: by a message, and others went on */
	size_t in_trouble;  /* messages that failed, after the last of those */
	char breaker[80];   /* the uid that did it last, cut off */
	unsigned breaks;    /* so often in a row */
	unsigned fruitless; /* sessions in a row that broke and kept nothing */
	int earlier;	    /* the status before the first of those */
	enum next_session after; /* why this one follows another */
	bool windowed;		 /* the server may show a part at a time */
	enum next_session
		next; /* another one is to follow, and reports for both */
};

/*
 * Takes over what another process says of its session, in memory shared with
 * it: a server may have got the better of it. Of the sessions and when they
 * began ours counts; text is made printable.
 */
void outcome_take(struct outcome *ours, const struct outcome *said);

#endif
