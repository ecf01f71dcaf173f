/* SPDX-License-Identifier: ISC */
/* One account's run, from its store's lock to its summary line. */
#ifndef COMMANDS_FETCH_H
#define COMMANDS_FETCH_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/tally.h"
#include "io/progress.h"

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

/*
 * Fetches what is new and applies the retention policy, as the plan says, and
 * reports: errors and the summary through log, JSON and dry runs on standard
 * output. password: NULL to look it up;
 * both it and the account's own are wiped once they were used. Returns the exit
 * status, also in *tally. Whatever goes wrong, and wherever it is killed, no
 * message is lost: see the commit ladder in HACKING.
 */
int fetch_account(struct account *account, const struct fetch_options *options,
	char *password, struct progress *progress, struct tally *tally);

#endif
