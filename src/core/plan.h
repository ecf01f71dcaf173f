/* SPDX-License-Identifier: ISC */
/* Decides what a run will do before it does anything. Pure: no I/O. */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/maildrop.h"
#include "core/policy.h"

/* The recorded state of a message. The store contains these numbers. */
enum memory_state {
	MEMORY_NONE = 0,     /* not on record */
	MEMORY_ARRIVING = 1, /* a run was interrupted while storing it */
	MEMORY_KEPT = 2,     /* stored here */
	MEMORY_ERASED = 3,   /* was kept; erased there, as QUIT confirmed */
	MEMORY_SEEN = 4,     /* counts as seen; keepmail never stored it */
};

/* The state of a message's local copy. */
enum local_state {
	LOCAL_UNKNOWN, /* not looked for */
	LOCAL_HERE,    /* found, and as intact as the policy requires */
	LOCAL_TRASHED, /* moved to the trash by its owner, who can restore it */
	LOCAL_GONE,    /* not found */
	LOCAL_CHANGED, /* not what was stored */
	LOCAL_UNREADABLE,
	LOCAL_UNTRACED,	 /* not found; its header cannot find it elsewhere */
	LOCAL_CONFIRMED, /* handed over, confirmed; there is no copy here */
};

/* What is on record of a message that is listed now. */
struct memory {
	int64_t row;	 /* identifies its row in the store */
	int64_t kept_at; /* seconds since 1970; 0: the clock was wrong then */
	uint64_t size; /* as LIST reported it then, or MAILDROP_SIZE_UNKNOWN */
	enum memory_state state;
	/* It was missing from a listing since, and nothing has proved that it
	 * is still the same message. */
	bool vanished;
	bool held;	 /* must never be erased */
	bool missing;	 /* its copy was already missing in an earlier run */
	bool identified; /* an identifying header is on record */
	bool returned; /* was erased, and is listed again as the same message */
	uint32_t tries;	  /* number of failed attempts to fetch it */
	bool quarantined; /* no longer tried */
	int64_t next_try; /* seconds since 1970; not tried before then */
	/* Its real size in bytes if it exceeded max-size although LIST
	 * reported less; otherwise 0. */
	uint64_t oversize;
};

/* Which message does a known uid stand for now? */
enum identity {
	IDENTITY_UNKNOWN, /* only sizes can be compared */
	IDENTITY_SAME,	  /* the same message, as its header shows */
	IDENTITY_OTHER,	  /* another message: the uid was reused */
};

/* What this session found out about a message. */
struct finding {
	enum identity identity;
	enum local_state local;
	bool verified; /* its copy was read and is what was stored */
	bool loose;    /* the server reports varying sizes for one message */
	bool old;      /* counts as seen according to the start setting */
	bool put_off;  /* not to be tried in this session */
};

/* Why nothing may be erased in this session. */
enum restraint {
	RESTRAINT_NONE,
	RESTRAINT_KEEP,	    /* -k */
	RESTRAINT_COPIES,   /* the search for the copies failed */
	RESTRAINT_UNSYNCED, /* the file system cannot make mail durable */
};

/* Everything that a plan is made from. plan_make changes none of it. */
struct facts {
	const struct policy *policy;
	const struct maildrop *maildrop;
	const struct memory *memories;	/* one for each listed message */
	const struct finding *findings; /* likewise */
	struct clock clock;
	enum restraint restraint;
	bool no_brake;	 /* --no-brake: erase even if many copies are missing */
	bool looked;	 /* the copies have been searched for */
	bool sync_known; /* it was checked whether the file system can sync */
};

/*
 * Why a step is what it is. Those of the first group say why a message is
 * fetched or not, the others why it is erased or left. The texts are in
 * reason.c.
 */
enum reason {
	REASON_NONE,
	REASON_NEW,
	REASON_REUSED,
	REASON_RETRY,
	REASON_KEPT,
	REASON_FETCHED_BEFORE,
	REASON_NO_UID,
	REASON_TOO_LARGE,
	REASON_INTERRUPTED,
	REASON_SEEN,
	REASON_OLD,
	REASON_WAITING,
	REASON_QUARANTINED,

	REASON_NEVER,
	REASON_NOT_DUE,
	REASON_UNDATED,
	REASON_CLOCK,
	REASON_NEWEST,
	REASON_ERASE_NOW,
	REASON_DUE,
	REASON_RETURNED,
	REASON_OTHER_SIZE,
	REASON_HELD,
	REASON_STILL_HERE,
	REASON_TRASHED,
	REASON_PURGED,
	REASON_KEPT_LARGE,
	REASON_LARGE,
	REASON_NO_ROOM,
	REASON_CHANGED,
	REASON_UNREADABLE,
	REASON_UNTRACED,
	REASON_BRAKE,
	REASON_KEEP,
	REASON_COPIES,
	REASON_UNSYNCED,
};

#define REASONS (REASON_UNSYNCED + 1)

struct step {
	bool fetch;
	bool erase;	       /* only once the store records it as kept */
	bool last;	       /* failed before: fetched after all others */
	bool reused;	       /* another message with this uid is on record */
	enum reason why_fetch; /* why it is fetched or not */
	enum reason why_erase; /* why it is erased or left */
};

struct plan {
	struct step *steps; /* owned; one for each message of the maildrop */
	size_t count;
	size_t fetches;
	size_t erasures;
	size_t too_large;
	uint64_t octets; /* to be fetched, as far as sizes are known */
	/* Number of copies looked for, and how many of them are newly missing.
	 * If too many are, braked is set and nothing is erased. */
	size_t looked_for;
	size_t missing;
	bool braked;
	/*
	 * Until this time (seconds since 1970), the same policy, listing and
	 * memories lead to a plan without any action. 0: this plan has some, or
	 * leaves mail for a reason that is reported.
	 */
	int64_t quiet_until;
};

/*
 * Is LIST needed before a plan can be made? It is if a size rule applies to a
 * new message, or if a known uid may now stand for another message.
 */
bool plan_needs_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories);

/* What must be found out before a plan may be executed. */
enum need {
	NEED_NOTHING,
	NEED_COPIES, /* where the copies are, since erasures depend on them */
	NEED_VERIFY, /* whether copies of what it erases are intact */
	NEED_SYNC,   /* whether the file system can make mail durable */
};

/* Returns what this plan, made from these facts, still needs. */
enum need plan_needs(const struct facts *facts, const struct plan *plan);

/* Must the copy of this message be verified (NEED_VERIFY)? */
bool plan_needs_verify(const struct step *step, const struct finding *finding);

/*
 * Makes a step for each message, with a reason for each of its two decisions.
 * Cannot fail, and depends on nothing but the facts. The caller releases the
 * plan.
 *
 * A message is never erased if it is held, if it is only seen, if it is neither
 * kept nor fetched by the same step, if its copy here is not what was stored,
 * or if it may be another message under a reused uid (it is taken for another
 * one if its size differs and its header does not show that it is the same).
 * Nothing is erased under ERASE_NEVER except by a size rule, nothing under a
 * restraint or while the brake holds, and nothing by time alone while the clock
 * is not certain.
 */
struct plan plan_make(const struct facts *facts);

void plan_release(struct plan *plan);

/* Is it known when the message was stored? Not if the clock was wrong then. */
bool plan_is_dated(const struct memory *memory, const struct clock *clock);

/* Returns how many seconds after this many failed tries the next one is due. */
int64_t plan_patience(uint32_t tries);

/* A message is quarantined after this many failed tries. */
#define PLAN_TRIES_MAX 7

/* Returns a reason as part of a sentence; "" for REASON_NONE. */
const char *plan_reason(enum reason reason);

#define PLAN_WHY_MAX 256

/* Formats both reasons of a step. Returns room (PLAN_WHY_MAX). */
char *plan_why(char *room, const struct step *step);

/*
 * plan_pair maps a step's pair of reasons to a number below PLAN_PAIRS, for
 * counting or indexing; plan_of_pair maps it back.
 */
#define PLAN_PAIRS (REASONS * REASONS)
size_t plan_pair(const struct step *step);
struct step plan_of_pair(size_t pair);

#endif
