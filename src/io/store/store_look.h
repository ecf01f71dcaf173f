/* SPDX-License-Identifier: ISC */
/*
 * What people may ask of a store, also while a run is at work on it: it is
 * opened with STORE_LOOK for this.
 */
#ifndef IO_STORE_STORE_LOOK_H
#define IO_STORE_STORE_LOOK_H

#include "core/account.h"
#include "core/plan.h"
#include "core/uid.h"
#include "io/store/store_run.h"

struct store_overview {
	bool known;	       /* there is a store */
	bool at_work;	       /* and a run at work on it now */
	int64_t last_success;  /* seconds since 1970; 0: never */
	struct store_run last; /* on record; ended is 0: none, error is "" */
	char last_error[1200];
	uint64_t kept;	    /* here, whatever became of it on the server */
	uint64_t octets;    /* of these */
	uint64_t on_server; /* as it was listed last */
	uint64_t held;
	uint64_t missing;     /* found by a run to be here no longer */
	uint64_t damaged;     /* or missing, as verify found */
	uint64_t over;	      /* on the server, kept until the time given */
	int64_t oldest_other; /* the first kept after it; 0: there is none */
	uint64_t in_trouble;  /* and tried again */
	uint64_t quarantined; /* and not tried again */
	uint64_t counted;     /* on the server, as seen; never fetched */
	uint64_t too_large;   /* on the server, over max-size */
};

/* kept_until: whose time is over (policy_kept_until). */
bool store_overview(struct store *store, int64_t kept_until,
	struct store_overview *overview, struct error *err);

/*
 * When the last run was that did nothing and left no record, if that was after
 * all on record; else 0.
 */
int64_t store_noted_run(struct store *store);

/*
 * What the visitors below are shown is gone when they return. Strings are never
 * NULL, and what others wrote into them is still to be made printable.
 */
typedef void store_run_visitor(const struct store_run *run, void *data);

/* All runs on record, the newest last; error is "" where all went well. */
bool store_each_run(struct store *store, store_run_visitor *visit, void *data,
	struct error *err);

/* All that is known of a message; times are 0 where they never were. */
struct store_message {
	struct uid uid;
	enum memory_state state;
	uint64_t size; /* as LIST told it, or MAILDROP_SIZE_UNKNOWN */
	int64_t first_seen;
	int64_t kept_at;
	int64_t vanished_at;
	int64_t erased_at;
	int64_t held_at;
	int64_t missing_at;
	enum destination_kind kind;
	const char *path; /* of the place where it was put */
	const char *name; /* Maildir base name, mbox From_ line */
	uint64_t offset;  /* in an mbox */
	uint64_t length;
	uint64_t octets;	     /* as it was put here */
	const unsigned char *sha256; /* LETTER_DIGEST of them, or NULL */
	const char *message_id;
	const char *origin; /* who said that it was seen; "": it was fetched */
};

typedef void store_message_visitor(
	const struct store_message *message, void *data);

/* The messages with a uid, whatever their ordinals. */
bool store_each_message(struct store *store, struct uid uid,
	store_message_visitor *visit, void *data, struct error *err);

/* Is there a message with this uid on record, whatever became of it? */
bool store_has_uid(
	struct store *store, struct uid uid, bool *has, struct error *err);

typedef void store_uid_visitor(struct uid uid, void *data);

/* The uids of all messages on record, each once, whatever became of them. */
bool store_each_uid(struct store *store, store_uid_visitor *visit, void *data,
	struct error *err);

/* A message that could not be fetched or erased. */
struct store_trouble {
	struct uid uid;
	uint64_t tries;
	int64_t first_at;
	int64_t last_at;
	int64_t next_at;	/* not before */
	int64_t quarantined_at; /* not at all any more; 0: it is not */
	const char *error;
};

typedef void store_trouble_visitor(
	const struct store_trouble *trouble, void *data);

/* What verify found of a copy. A run's rules go by none of it. */
enum store_damage {
	STORE_DAMAGE_NONE,
	STORE_DAMAGE_MISSING,
	STORE_DAMAGE_CHANGED,
	STORE_DAMAGE_UNREADABLE,
};

/* Records it, within a transaction; nothing is written where it is known. */
bool store_record_damage(struct store *store, int64_t row,
	enum store_damage damage, int64_t now, struct error *err);

/* What is on record of a message, and wrong with it; times are 0 where not. */
struct store_condition {
	struct uid uid;
	bool recorded; /* as a message: only then the next lines say anything */
	enum memory_state state;
	uint64_t size; /* as LIST told it, or MAILDROP_SIZE_UNKNOWN */
	int64_t kept_at;
	int64_t vanished_at;
	int64_t erased_at;
	int64_t held_at;
	int64_t missing_at;
	enum store_damage damage;
	int64_t damaged_at;
	uint64_t tries; /* to fetch it, that failed; 0: none */
	int64_t tried_at;
	int64_t next_at;
	int64_t quarantined_at;
	const char *error;
	uint64_t oversize; /* what it has, being over max-size; 0: it is not */
	const char *origin;
};

typedef void store_condition_visitor(
	const struct store_condition *condition, void *data);

/*
 * The messages on record that are missing or damaged here, were interrupted,
 * failed, are over max-size, or are held; or all of them.
 */
bool store_each_condition(struct store *store, bool all,
	store_condition_visitor *visit, void *data, struct error *err);

/* The troubles with a uid (NULL: with all that are quarantined). */
bool store_each_trouble(struct store *store, const struct uid *uid,
	store_trouble_visitor *visit, void *data, struct error *err);

#endif
