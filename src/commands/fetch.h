/* SPDX-License-Identifier: ISC */
/* One account's run, from its store's lock to its summary line. */
#ifndef COMMANDS_FETCH_H
#define COMMANDS_FETCH_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "core/tally.h"
#include "io/process/progress.h"

struct fetch_options {
	bool dry_run;
	bool json;
	bool rebuild;	   /* fetch nothing: find out what is here */
	bool no_brake;	   /* whatever is missing here */
	bool same_mailbox; /* whatever the store says of server and user */
	bool verbose;	   /* a dry run lists what stays, too */
	bool list;	   /* a dry run prints what is on the server instead */
	unsigned columns;  /* of the terminal that a list goes to; 0: none */
	bool bar;	   /* draw progress here: nobody else does */
	const volatile sig_atomic_t *stop; /* not 0: end, as after an error */
};

enum again {
	AGAIN_NOT,
	AGAIN_MORE,   /* the server may show more, next time */
	AGAIN_BROKEN, /* the session broke, and others wait */
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
	enum again after;   /* why this one follows another */
	bool windowed;	    /* the server may show a part at a time */
	enum again again;   /* another one is to follow, and reports for both */
};

/*
 * One session: fetches what is new and applies the retention policy, as the
 * plan says, adds to *outcome what came of it, and reports: errors and the
 * summary through log, JSON and dry runs on standard output; unless another
 * session is to follow (outcome->again), in another process. One that came to
 * nothing after one that did leaves the outcome as it was. password: NULL to
 * look it up; both it and the account's own are wiped once they were used.
 * Returns the exit status, also in the tally. Whatever goes wrong, and wherever
 * it is killed, no message is lost: see the commit ladder in HACKING.
 */
int fetch_account(struct account *account, const struct fetch_options *options,
	char *password, struct progress *progress, struct outcome *outcome);

/* Reports where the session that was to follow cannot be had. */
void fetch_conclude(const struct account *account,
	const struct fetch_options *options, struct outcome *outcome);

#endif
