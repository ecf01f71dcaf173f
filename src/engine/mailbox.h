/* SPDX-License-Identifier: ISC */
/*
 * A mailbox while it is open: its account, its store and its session, and what
 * the server lists. Every command that talks to a server begins here.
 */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "engine/outcome.h"
#include "engine/proof.h"
#include "io/net/session.h"
#include "io/process/progress.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_seen.h"

struct mailbox {
	struct account *account;	   /* borrowed */
	const struct run_options *options; /* borrowed */
	char *password;	    /* owned; it was asked for. NULL: it is looked up */
	int64_t began;	    /* the run that this is a session of */
	struct clock clock; /* of this session: which time is believed */
	struct store *store;
	bool place_changed;	 /* see places_check */
	struct session *session; /* NULL: none is open */
	struct proof proof;
	struct maildrop maildrop; /* what the server lists */
	bool listed;
	bool uids_made; /* of headers: the server has none */
	unsigned char listing[LETTER_DIGEST]; /* the maildrop's digest */
	bool loose_sizes;     /* it reported two sizes of the same message */
	unsigned said;	      /* of enum store_saying: in this session */
	struct error refusal; /* what failed without ending the session */
	struct progress *progress; /* borrowed */
	struct progress_bar bar;
};

/*
 * Begins with an account: asks for its password unless it is given (and then
 * owned from now on) or can be looked up, and becomes its user. The mailbox
 * must be closed, whatever this returns.
 */
bool mailbox_begin(struct mailbox *mailbox, struct account *account,
	const struct run_options *options, char *password, struct error *err);

/*
 * Opens the store (to read in a dry run), which must be this mailbox's, and
 * reads the clock.
 */
bool mailbox_open(struct mailbox *mailbox, struct error *err);

/*
 * Confines this process for good (to the store alone, unless it delivers; it
 * may read mail where places_gather says that copies may lie), connects and
 * logs in; then no other socket is opened. Passwords are wiped. One command is
 * sent at a time if the store says that the server was out of step.
 */
bool mailbox_log_in(struct mailbox *mailbox, bool delivers, struct error *err);

/* Binds the store to the mailbox that was logged in to; not in a dry run. */
bool mailbox_bind(struct mailbox *mailbox, struct error *err);

/* Lists the mailbox, with uids made of headers where the server has none. */
bool mailbox_list(struct mailbox *mailbox, struct error *err);

/* Ends the session where nothing was marked to be erased. */
void mailbox_leave(struct mailbox *mailbox);

/* Closes the connection without QUIT: nothing is erased. */
void mailbox_hang_up(struct mailbox *mailbox);

/* Closes and frees all that is open; safe on a zeroed struct. */
void mailbox_close(struct mailbox *mailbox);

/* Counts what came in, and draws the bar where this process draws it. */
void mailbox_progress(
	struct mailbox *mailbox, uint64_t messages, uint64_t octets);

/* Remembers an error that does not end the session, if it is the worst. */
void mailbox_refuse(struct mailbox *mailbox, const struct error *err);

/* Says what is odd about the mailbox: as a warning once, then with -v. */
void mailbox_say_once(
	struct mailbox *mailbox, enum store_saying what, const char *text);

/* A message's uid as it may be shown: printable, and not the password. */
void mailbox_show_uid(struct mailbox *mailbox, const struct message *message,
	char *room, size_t size);

/* -v: a line for a message, with the plan's reasons. */
void mailbox_say_message(struct mailbox *mailbox, size_t position,
	const struct step *step, const char *what, const char *where);

#endif
