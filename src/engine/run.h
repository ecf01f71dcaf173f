/* SPDX-License-Identifier: ISC */
/* One account's run while it is under way: what its steps share. */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "engine/outcome.h"
#include "io/mail/delivery.h"
#include "io/mail/local.h"
#include "io/net/session.h"
#include "io/process/background.h"
#include "io/process/progress.h"
#include "io/store/store.h"

/*
 * A batch is made durable when it has so many messages, octets, or seconds: one
 * round of syncs is shared by many messages, a slow line still commits
 * promptly, and a kill loses little work. While the one before it is still
 * being made durable it grows, up to BATCH_ROOM messages or BATCH_OCTETS_MAX;
 * then the network waits for the disk.
 */
#define BATCH_MESSAGES 1024
#define BATCH_ROOM 2048
#define BATCH_OCTETS (32 << 20)
#define BATCH_OCTETS_MAX (128 << 20)
#define BATCH_SECONDS 2

struct batch {
	struct letter letters[BATCH_ROOM];
	size_t positions[BATCH_ROOM];	  /* of each in the maildrop */
	uint64_t octets_sent[BATCH_ROOM]; /* of each, as LIST counts */
	bool twice[BATCH_ROOM];		  /* it is here already */
	int64_t rows[BATCH_ROOM]; /* the record that has a new uid now; or 0 */
	size_t twin[BATCH_ROOM];  /* the one in the batch that it is, or itself
				   */
	size_t count;
	uint64_t octets;
	int64_t began;
};

/* A message that could not be fetched. */
struct trouble {
	size_t position;
	char text[1500];
};

/* A message that turned out to be over max-size, and was dropped. */
struct oversize {
	size_t position;
	uint64_t size; /* as LIST should have said */
};

struct rebuild;

struct run {
	struct account *account; /* borrowed */
	const struct run_options *options;
	struct progress *progress;
	struct progress_bar bar;
	struct tally *tally;	 /* of this session */
	struct outcome *outcome; /* of all of them */
	bool broken;		 /* the session, in the middle of a message */
	bool cut;		 /* or between two of them */
	bool one_by_one;      /* the server was out of step: nothing is piped */
	bool was_out_of_step; /* in this run, which is to be recorded */
	enum pop3_uidl_form form; /* of what proves an answer: see proof.h */
	bool learnt;		  /* the form, at the price of the session */
	bool unproved;		  /* UIDL n is of no use in this session */
	size_t proof;		  /* the position that the last one was for */
	struct clock clock;	  /* of this session: what time is believed */
	struct store *store;
	struct delivery *delivery;
	struct session *session;
	bool identifying; /* what is lost may only have another uid */
	unsigned said;	  /* of enum store_saying: in this run */
	struct maildrop maildrop;
	unsigned char listing[LETTER_DIGEST]; /* the maildrop's digest */
	bool uids_made; /* of headers: the server has none */
	bool first;	/* nothing was known before, and start has its say */
	bool quiet;	/* it is the one that nothing came of last time */
	struct memory *memories; /* owned; one for each message listed */
	struct rebuild *rebuild; /* owned; NULL: it is none */
	struct plan plan;

	struct batch *open; /* owned; whole messages that are not durable yet */
	size_t proven;	    /* of them: surely under their own uids (proof.h) */
	bool in_step;	    /* a proof came since LIST: its sizes are its own */

	/* The batch that is being committed, maybe in the background: until
	 * that is waited for, what follows and the memories are not to be
	 * touched, nor the store. */
	struct background background;
	struct batch *closed; /* owned */
	bool recorded;	      /* it is arriving, and the one before kept */
	bool in_place;	      /* and it is published */
	bool failed; /* a batch was not committed: nor may any other be */
	bool origin_changed; /* see places_check */
	bool loose;	     /* sizes were told otherwise of what is the same */
	struct error fall;
	struct letter *strays; /* owned; see rebuild_find_strays */
	size_t stray_count;
	struct local *here; /* owned; or NULL: see duplicate_prepare */
	/* Published, and not yet recorded as kept. */
	size_t published[BATCH_ROOM];
	size_t published_count;
	int64_t published_at;

	/* What failed in this run. */
	struct trouble *troubles; /* owned */
	size_t trouble_count;

	struct oversize *oversizes; /* owned */
	size_t oversize_count;
	size_t oversize_proven; /* of them: see proof.h */

	/* The message that is arriving. */
	size_t arriving; /* its position; MAILDROP_NOT_FOUND: none is */
	bool receiving;	 /* into the destination; else it is passed over */
	uint64_t received;

	struct error refusal; /* of single messages: the first */
	size_t *erased;	      /* owned; positions that DELE was answered +OK */
	size_t erased_count;
};

/* Seconds since 1970. */
int64_t run_now(void);

/* Counts what came in, and draws the bar where this process draws it. */
void run_show_progress(struct run *run, uint64_t messages, uint64_t octets);

/*
 * A message that the server refused to send or erase: says so, and remembers
 * the first for the exit status; the run goes on.
 */
void run_message_refused(struct run *run, const char *what, size_t position,
	const struct pop3_event *answer);

/* Remembers that a message could not be fetched, and why. */
void run_note_trouble(
	struct run *run, size_t position, const struct error *err);

/* Says what is odd about the mailbox: loudly once, and then with -v alone. */
void run_say_once(struct run *run, enum store_saying what, const char *text);

/* A message's uid as it may be shown: printable, and not the password. */
void run_show_uid(struct run *run, const struct message *message, char *room,
	size_t size);

/* -v: a line for a message, with the plan's reason. */
void run_say_message(
	struct run *run, size_t position, const char *what, const char *where);

#endif
