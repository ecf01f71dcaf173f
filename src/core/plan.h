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

/* What an earlier run left on record of a message that is listed now. */
struct memory {
	int64_t row;	 /* the store's name for it */
	int64_t kept_at; /* seconds since 1970; 0: the clock was wrong then */
	uint64_t size;	 /* as LIST gave it then, or MAILDROP_SIZE_UNKNOWN */
	enum memory_state state;
	/* It was missing from some listing since, and nothing proved that it is
	 * the same message. */
	bool vanished;
	bool held;	  /* never to be erased */
	bool missing;	  /* an earlier run did not find its copy either */
	bool identified;  /* its header is known, to tell it from others */
	bool returned;	  /* it was erased, is listed again, and is the same */
	uint32_t tries;	  /* failed attempts to fetch it */
	bool quarantined; /* it is not tried any more */
	int64_t next_try; /* not before this time */
	/* Its size when it turned out to be over max-size although LIST had
	 * given less; 0: nothing like that is known. */
	uint64_t oversize;
};

/* Which message is it that a known uid stands for now? */
enum identity {
	IDENTITY_UNKNOWN, /* sizes are all there is to go by */
	IDENTITY_SAME,	  /* its header shows that it is the same message */
	IDENTITY_OTHER,	  /* another one: the uid was used again */
};

/* What this session found out about a message. */
struct finding {
	enum identity identity;
	enum local_state local;
	bool verified; /* its copy was read, and is what was stored */
	bool loose;    /* its server reports varying sizes of one message */
	bool old;      /* start says that it counts as seen */
	bool put_off;  /* it is not to be tried in this session */
};

/* Why nothing at all may be erased in this session. */
enum restraint {
	RESTRAINT_NONE,
	RESTRAINT_KEEP,	    /* -k */
	RESTRAINT_COPIES,   /* the copies could not be looked for */
	RESTRAINT_UNSYNCED, /* the file system cannot keep what it is given */
};

/* All that a plan is made from; nothing in it is changed by making one. */
struct facts {
	const struct policy *policy;
	const struct maildrop *maildrop;
	const struct memory *memories;	/* one for each message listed */
	const struct finding *findings; /* the same */
	struct clock clock;
	enum restraint restraint;
	bool no_brake;	 /* --no-brake: however many copies are missing */
	bool looked;	 /* the copies were looked for */
	bool sync_known; /* whether the file system can sync was looked at */
};

/*
 * Why a step is what it is: the first ones say why a message is fetched or not,
 * the others why it is erased or stays. The texts stand in plan.c.
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
	bool erase;  /* and only once the store says that it is kept */
	bool last;   /* it failed before: fetched after all that did not */
	bool reused; /* fetched, and another message is on record as this uid */
	enum reason why_fetch; /* why it is fetched, or not */
	enum reason why_erase; /* why it is erased, or stays */
};

struct plan {
	struct step *steps; /* owned; one for each message of the maildrop */
	size_t count;
	size_t fetches;
	size_t erasures;
	size_t too_large;
	uint64_t octets; /* to be fetched, as far as sizes are known */
	/* How many copies were looked for, and how many of them are missing for
	 * the first time; too many of these, and nothing is erased. */
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
 * Must LIST be asked before a plan can be made? When a size rule has a new
 * message to judge, or when a known uid might stand for another message now.
 */
bool plan_needs_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories);

/* What is still to be found out before a plan may be carried out. */
enum need {
	NEED_NOTHING,
	NEED_COPIES, /* where the copies are: its erasures depend on them */
	NEED_VERIFY, /* whether the copies of what it erases are as stored */
	NEED_SYNC,   /* whether the file system keeps what it is given */
};

/* What this plan, made from these facts, still needs. */
enum need plan_needs(const struct facts *facts, const struct plan *plan);

/* Are these the copies that NEED_VERIFY is about? */
bool plan_needs_copy(const struct step *step, const struct finding *finding);

/*
 * One step for each message, with a reason for each of its two decisions.
 * Cannot fail and reads nothing but the facts. The caller releases the plan.
 *
 * It never erases under ERASE_NEVER, but by a rule of sizes; nor what is held
 * or only seen, nor what is neither kept nor fetched by the same step, nor what
 * may be another message under a uid used again: one of another size is one,
 * unless its header is the same. Nor what is here and not as it was stored, nor
 * anything under a restraint or while the brake holds; nor, by the time alone,
 * anything while the clock is not sure.
 */
struct plan plan_make(const struct facts *facts);

void plan_release(struct plan *plan);

/* Is it known when it was stored here? Not if a wrong clock said so. */
bool plan_is_dated(const struct memory *memory, const struct clock *clock);

/* When a message that failed so often is tried again: seconds from now. */
int64_t plan_patience(uint32_t tries);

/* After so many it is not. */
#define PLAN_TRIES_MAX 7

/* A reason in words, as a part of a sentence; "" for REASON_NONE. */
const char *plan_reason(enum reason reason);

#define PLAN_WHY_MAX 256

/* Writes both of a step's reasons. Returns room (PLAN_WHY_MAX). */
char *plan_why(char *room, const struct step *step);

/*
 * A number for a step's pair of reasons, below PLAN_PAIRS, to count or to index
 * by; and the pair that a number stands for.
 */
#define PLAN_PAIRS (REASONS * REASONS)
size_t plan_pair(const struct step *step);
struct step plan_of_pair(size_t pair);

#endif
