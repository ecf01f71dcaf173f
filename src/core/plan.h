/* SPDX-License-Identifier: ISC */
/* What a run will do, decided before it does anything: pure, and printable. */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/maildrop.h"
#include "core/policy.h"

/* What the store holds of a message; the numbers are what it stores. */
enum memory_state {
	MEMORY_NONE = 0,     /* never seen */
	MEMORY_ARRIVING = 1, /* a run was ended while it was being stored */
	MEMORY_KEPT = 2,     /* safe here */
	MEMORY_ERASED = 3,   /* kept, and the server said it is erased there */
	MEMORY_SEEN = 4,     /* counts as seen, and was never put here by us */
};

/* What became of the copy that was put here. */
enum local_state {
	LOCAL_UNKNOWN, /* nobody looked */
	LOCAL_HERE,    /* as it should be, as far as the policy asks */
	LOCAL_TRASHED, /* its owner threw it away, and can get it back */
	LOCAL_GONE,    /* it was not found */
	LOCAL_CHANGED, /* it is not what was stored */
	LOCAL_UNREADABLE,
	LOCAL_UNTRACED, /* not found, and no header tells where else it is */
};

struct memory {
	int64_t row;	 /* the store's name for it */
	int64_t kept_at; /* seconds since 1970; 0: the clock was wrong then */
	uint64_t size;	 /* as LIST told it then, or MAILDROP_SIZE_UNKNOWN */
	enum memory_state state;
	/* It was not in some listing since, and nothing proved that it is the
	 * same. */
	bool vanished;
	bool held;	 /* never to be erased */
	bool old;	 /* not known, and start says that it counts as seen */
	bool missing;	 /* an earlier run did not find its copy here, either */
	bool identified; /* its header is known, to tell it from others */
	bool same;	 /* the header says: this very message */
	bool reused;	 /* the header says: another one, under the same uid */
	bool returned; /* after it was erased it was listed again, and is it */
	bool loose;    /* its server tells other sizes from time to time */
	enum local_state local;
	uint32_t tries;	  /* to fetch it, that failed */
	bool quarantined; /* it is not tried any more */
	int64_t next_try; /* not before; INT64_MAX: not in this run */
	/* What it turned out to have at least, when it was over max-size and
	 * LIST had said less; 0: nothing like that is known. */
	uint64_t oversize;
};

/* Why a step is what it is; the text stands in plan_reason. */
enum reason {
	REASON_NEW,
	REASON_NEW_THEN_ERASED,
	REASON_NEW_NEWEST,
	REASON_REUSED,
	REASON_REUSED_THEN_ERASED,
	REASON_NO_UID,
	REASON_TOO_LARGE,
	REASON_INTERRUPTED,
	REASON_NEVER,
	REASON_NOT_DUE,
	REASON_UNDATED,
	REASON_CLOCK,
	REASON_NEWEST,
	REASON_ERASE_NOW,
	REASON_DUE,
	REASON_RETURNED,
	REASON_OTHER_SIZE,
	REASON_SEEN,
	REASON_HELD,
	REASON_OLD,
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
	REASON_RETRY,
	REASON_RETRY_THEN_ERASED,
	REASON_WAITING,
	REASON_QUARANTINED,
};

#define REASON_LAST REASON_QUARANTINED

struct step {
	bool fetch;
	bool erase;  /* and only once the store says that it is kept */
	bool last;   /* it failed before: fetched after all that did not */
	bool reused; /* fetched, and another message is on record as this uid */
	enum reason reason;
};

struct plan {
	struct step *steps; /* owned; one for each message of the maildrop */
	size_t count;
	size_t fetches;
	size_t erasures;
	size_t too_large;
	uint64_t octets; /* to be fetched, as far as sizes are known */
	/* Of the copies that were looked for so many are missing for the first
	 * time; if they are too many, the brake holds: nothing is erased. */
	size_t looked_for;
	size_t missing;
	bool braked;
	/*
	 * Before this time (seconds since 1970) the same policy, listing and
	 * memories lead to a plan that does nothing either; 0: this one does
	 * something, or says something of the mail that it leaves alone.
	 */
	int64_t quiet_until;
};

/*
 * Must LIST be asked before this plan can be made? When a size rule has a new
 * message to judge, or when a known uid might stand for another message now.
 */
bool plan_needs_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories);

/*
 * One step and one reason for each message: memories[i] is what is known of
 * maildrop->messages[i]. Cannot fail and reads nothing else. The caller
 * releases the plan.
 *
 * It never erases under ERASE_NEVER, but by a rule of sizes; nor what is held
 * or only seen, nor what is neither kept nor fetched by the same step, nor what
 * may be another message under a uid used again: one of another size is one,
 * unless its header is the same. Nor what is here and not as it was stored, nor
 * anything while the brake holds; nor, by the time alone, anything while the
 * clock is not sure.
 */
struct plan plan_make(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct clock *clock);

void plan_release(struct plan *plan);

/* Is it known when it was stored here? Not if a wrong clock said so. */
bool plan_is_dated(const struct memory *memory, const struct clock *clock);

/* When a message that failed so often is tried again: seconds from now. */
int64_t plan_patience(uint32_t tries);

/* After so many it is not. */
#define PLAN_TRIES_MAX 7

/* The reason in words, as a part of a sentence. */
const char *plan_reason(enum reason reason);

#endif
