/* SPDX-License-Identifier: ISC */
/*
 * An open mailbox: its account, its store, its session, and what the server
 * lists. Every command that contacts a server begins here.
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
	char *password; /* owned; asked for in advance. NULL: to be looked up */
	int64_t began;	/* start of the run, in seconds since 1970 */
	struct clock clock; /* which time is trusted in this session */
	struct store *store;
	bool place_changed;	 /* see places_check */
	struct session *session; /* NULL if not open */
	struct proof proof;
	struct maildrop maildrop; /* what the server lists */
	bool listed;
	bool uids_made; /* from headers: the server has no UIDL */
	unsigned char listing_digest[LETTER_DIGEST]; /* of the maildrop */
	bool loose_sizes; /* the server reported two sizes for one message */
	unsigned said;	  /* set of enum store_saying said in this session */
	struct error refusal; /* worst error that did not end the session */
	struct progress *progress; /* borrowed */
	struct progress_bar bar;
};

/*
 * Begins to work on an account: asks for its password, unless one is passed (it
 * is owned from then on) or can be looked up, and becomes its user. Call
 * mailbox_close in any case.
 */
bool mailbox_begin(struct mailbox *mailbox, struct account *account,
	const struct run_options *options, char *password, struct error *err);

/*
 * Opens the store (read-only in a dry run), checks that it belongs to this
 * mailbox, and reads the clock.
 */
bool mailbox_open(struct mailbox *mailbox, struct error *err);

/*
 * Confines this process for good, connects and logs in; no other socket can be
 * opened after that. The process can then write only to the store and, if
 * delivers is set, to the destination; it can read mail in the places of
 * places_gather. Passwords are wiped. If the store says that the server was out
 * of step, commands are sent one at a time.
 */
bool mailbox_log_in(struct mailbox *mailbox, bool delivers, struct error *err);

/* Wipes the password, wherever it is in memory. */
void mailbox_forget_password(struct mailbox *mailbox);

/* Binds the store to this server and user after login; not in a dry run. */
bool mailbox_bind(struct mailbox *mailbox, struct error *err);

/* Lists the mailbox. If the server has no UIDL, uids are made from headers. */
bool mailbox_list(struct mailbox *mailbox, struct error *err);

/* Sends QUIT and does not wait for the answer; only if no DELE was sent. */
void mailbox_leave(struct mailbox *mailbox);

/* Closes the connection without QUIT, so nothing is erased. */
void mailbox_hang_up(struct mailbox *mailbox);

/* Closes and frees everything that is open. Safe on a zeroed struct. */
void mailbox_close(struct mailbox *mailbox);

/* Adds to the progress, and draws the bar if this process draws it. */
void mailbox_progress(
	struct mailbox *mailbox, uint64_t messages, uint64_t octets);

/*
 * Remembers an error that does not end the session, if it is the worst so far.
 */
void mailbox_refuse(struct mailbox *mailbox, const struct error *err);

/*
 * Reports a peculiarity of the mailbox: once as a warning, later with -v only.
 */
void mailbox_say_once(
	struct mailbox *mailbox, enum store_saying what, const char *text);

/*
 * Reports a message that the destination refused for good, and remembers this
 * as mailbox_refuse does.
 */
void mailbox_say_refused(
	struct mailbox *mailbox, size_t position, const struct error *why);

/* Makes a message's uid printable, with the password masked. */
void mailbox_show_uid(struct mailbox *mailbox, const struct message *message,
	char *room, size_t size);

/* With -v, logs a line for a message with the plan's reasons. */
void mailbox_say_message(struct mailbox *mailbox, size_t position,
	const struct step *step, const char *what, const char *where);

#endif
