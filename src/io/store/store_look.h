/* SPDX-License-Identifier: ISC */
/*
 * Queries for people, which also work during a run: the store is opened with
 * STORE_LOOK for them.
 */
#ifndef IO_STORE_STORE_LOOK_H
#define IO_STORE_STORE_LOOK_H

#include "core/account.h"
#include "core/plan.h"
#include "core/uid.h"
#include "io/store/store_run.h"

struct store_overview {
	bool known;	       /* there is a store */
	bool at_work;	       /* a run is active now */
	int64_t last_success;  /* seconds since 1970; 0: never */
	struct store_run last; /* the last one; ended 0 and error "": none */
	char last_error[1200];
	uint64_t kept;	    /* copies here, on the server or not */
	uint64_t octets;    /* of these, in bytes */
	uint64_t on_server; /* in the last listing */
	uint64_t held;
	uint64_t missing;     /* according to a run */
	uint64_t damaged;     /* or missing, according to verify */
	uint64_t over;	      /* on the server, kept at kept_until or before */
	int64_t oldest_other; /* earliest kept_at after kept_until; 0: none */
	uint64_t in_trouble;  /* failed, and will be tried again */
	uint64_t quarantined; /* failed, and will not be tried again */
	uint64_t counted; /* on the server, counted as seen but never fetched */
	uint64_t too_large; /* on the server, over max-size */
};

/*
 * kept_until: the retention period of messages kept at this time or earlier has
 * expired (policy_kept_until).
 */
bool store_overview(struct store *store, int64_t kept_until,
	struct store_overview *overview, struct error *err);

/*
 * When the last run had nothing to do, and noted its success outside the
 * records, returns that time; otherwise 0.
 */
int64_t store_noted_run(struct store *store);

/*
 * What the visitors below receive is valid until they return. Strings are never
 * NULL; those that come from others must still be made printable.
 */
typedef void store_run_visitor(const struct store_run *run, void *data);

/* Visits all recorded runs, oldest first; error is "" if a run succeeded. */
bool store_each_run(struct store *store, store_run_visitor *visit, void *data,
	struct error *err);

/*
 * All that is recorded about a message; a time is 0 if the event never
 * happened.
 */
struct store_message {
	struct uid uid;
	enum memory_state state;
	uint64_t size; /* as reported by LIST, or MAILDROP_SIZE_UNKNOWN */
	int64_t first_seen;
	int64_t kept_at;
	int64_t vanished_at;
	int64_t erased_at;
	int64_t held_at;
	int64_t missing_at;
	enum destination_kind kind;
	const char *path; /* of the place where it was stored */
	const char *name; /* Maildir base name, mbox From_ line */
	uint64_t offset;  /* in an mbox */
	uint64_t length;
	uint64_t octets;	     /* as it was stored here */
	const unsigned char *sha256; /* LETTER_DIGEST bytes, or NULL */
	/* Likewise; as it came, if it was changed before it was stored. */
	const unsigned char *came_sha256;
	const char *message_id;
	const char *said;   /* as in store_record_handed; NULL: it was not */
	const char *origin; /* who reported it as seen; "": it was fetched */
};

typedef void store_message_visitor(
	const struct store_message *message, void *data);

/* Visits the messages with a uid, whatever their ordinals. */
bool store_each_message(struct store *store, struct uid uid,
	store_message_visitor *visit, void *data, struct error *err);

/* Is there a record of a message with this uid, whatever became of it? */
bool store_has_uid(
	struct store *store, struct uid uid, bool *has, struct error *err);

typedef void store_uid_visitor(struct uid uid, void *data);

/*
 * Visits the uids of all recorded messages, each once, whatever became of them.
 */
bool store_each_uid(struct store *store, store_uid_visitor *visit, void *data,
	struct error *err);

/* A message that could not be fetched or erased. */
struct store_trouble {
	struct uid uid;
	uint64_t tries;
	int64_t first_at;
	int64_t last_at;
	int64_t next_at;	/* not tried before this time */
	int64_t quarantined_at; /* not tried again since then; 0: still tried */
	const char *error;
};

typedef void store_trouble_visitor(
	const struct store_trouble *trouble, void *data);

/* What verify found wrong with a copy. A run's decisions ignore it. */
enum store_damage {
	STORE_DAMAGE_NONE,
	STORE_DAMAGE_MISSING,
	STORE_DAMAGE_CHANGED,
	STORE_DAMAGE_UNREADABLE,
};

/*
 * Records it, within a transaction; writes nothing if it is already recorded.
 */
bool store_record_damage(struct store *store, int64_t row,
	enum store_damage damage, int64_t now, struct error *err);

/*
 * A recorded message and what is wrong with it; a time is 0 if it does not
 * apply.
 */
struct store_condition {
	struct uid uid;
	bool recorded; /* otherwise, state to damaged_at are unset */
	enum memory_state state;
	uint64_t size; /* as reported by LIST, or MAILDROP_SIZE_UNKNOWN */
	int64_t kept_at;
	int64_t vanished_at;
	int64_t erased_at;
	int64_t held_at;
	int64_t missing_at;
	bool handed; /* as in store_record_handed */
	enum store_damage damage;
	int64_t damaged_at;
	uint64_t tries; /* failed attempts to fetch it; 0: none */
	int64_t tried_at;
	int64_t next_at;
	int64_t quarantined_at;
	const char *error;
	uint64_t oversize; /* its size if over max-size; otherwise 0 */
	const char *origin;
};

typedef void store_condition_visitor(
	const struct store_condition *condition, void *data);

/*
 * Visits the recorded messages that are missing or damaged here, were
 * interrupted, failed, are over max-size, or are held; or, with all, every
 * recorded message.
 */
bool store_each_condition(struct store *store, bool all,
	store_condition_visitor *visit, void *data, struct error *err);

typedef void store_oversize_visitor(struct uid uid, uint64_t size, void *data);

/*
 * Visits the messages with a uid of which nothing is on record but that they
 * are over max-size.
 */
bool store_each_oversize(struct store *store, struct uid uid,
	store_oversize_visitor *visit, void *data, struct error *err);

/*
 * Visits the troubles with a uid, or, if uid is NULL, all quarantined messages.
 */
bool store_each_trouble(struct store *store, const struct uid *uid,
	store_trouble_visitor *visit, void *data, struct error *err);

#endif
