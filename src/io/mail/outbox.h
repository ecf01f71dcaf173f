/* SPDX-License-Identifier: ISC */
/*
 * What all destinations that confirm have in common. Messages are collected in
 * a spool; publish hands them over one after another, and waits for the answer
 * to each. What was confirmed is recorded at once (destination.h, confirm), so
 * that at most the message whose answer is lost is delivered twice.
 */
#ifndef IO_MAIL_OUTBOX_H
#define IO_MAIL_OUTBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/mail/destination.h"
#include "io/mail/spool.h"

/* After this many messages in a row were refused, no other is tried. */
#define OUTBOX_REFUSALS_MAX 3

struct outbox;

/* What a kind does in its own way. */
struct outbox_ops {
	/* Disconnects, and frees what the kind holds but not the outbox. */
	void (*close)(struct outbox *outbox);
	/*
	 * Delivers message i of the closed batch and waits for the answer. May
	 * first send others that follow (outbox_may_send), and sets ahead then.
	 * Sets the verdict and, if it was published, answer->where; if it was
	 * refused for good, answer->why. Returns false (ERROR_TEMPORARY) if
	 * nothing more can be delivered in this session; it then sets the
	 * verdict only if the message certainly was not taken (DEFERRED).
	 */
	bool (*deliver)(struct outbox *outbox, size_t i,
		struct confirmation *answer, struct error *err);
	/*
	 * Prevents the connection from being closed because nothing was sent
	 * for some time. Fails as deliver does.
	 */
	bool (*stay)(struct outbox *outbox, struct error *err);
};

/* The first member of each kind's own struct. */
struct outbox {
	struct destination destination;
	const struct outbox_ops *kind;
	char *where;			   /* owned; how users call it */
	const volatile sig_atomic_t *stop; /* borrowed; or NULL */
	unsigned refusals;		   /* in a row */
	/* By a kind that sends messages before those in front of them are
	 * answered: those before this one were sent. */
	size_t ahead;
	pthread_mutex_t in_use; /* for the next two, and the kind */
	int64_t last_used;
	struct error lost; /* why nothing can be delivered any more */
	struct spooled current;
	struct spool open;
	struct spool closed; /* belongs to the thread that publishes */
};

/*
 * Initialises the common part, in zeroed memory; where is taken over.
 * outbox_close must be called in any case.
 */
void outbox_init(
	struct outbox *outbox, const struct outbox_ops *kind, char *where);

/* Opens the spool; without one, nothing can be delivered. */
bool outbox_open_spool(
	struct outbox *outbox, const char *directory, struct error *err);

/* May a message be sent before those in front of it are answered? */
bool outbox_may_send(const struct outbox *outbox);

/* For the destination_ops of each such kind. Safe on NULL. */
void outbox_close(struct destination *destination);

/* All but open, end and recover. */
#define OUTBOX_OPS                                                             \
	.close = outbox_close, .sweep = outbox_sweep, .begin = outbox_begin,   \
	.write = outbox_write, .drop = outbox_drop,                            \
	.drop_last = outbox_drop_last, .turn = outbox_turn, .has = outbox_has, \
	.forgo = outbox_forgo, .seal = outbox_seal, .publish = outbox_publish, \
	.abandon = outbox_abandon

void outbox_sweep(struct destination *destination);
bool outbox_begin(struct destination *destination, struct error *err);
bool outbox_write(struct destination *destination, const char *bytes,
	size_t length, struct error *err);
bool outbox_end(struct destination *destination,
	const struct destination_ending *ending, struct letter *letter,
	struct error *err);
void outbox_drop(struct destination *destination);
void outbox_drop_last(struct destination *destination, size_t count);
void outbox_turn(struct destination *destination);
bool outbox_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err);
void outbox_forgo(struct destination *destination, size_t i);
bool outbox_seal(struct destination *destination, struct letter *letters,
	size_t count, struct error *err);
bool outbox_publish(struct destination *destination, enum verdict *verdicts,
	struct error *err);
void outbox_abandon(struct destination *destination);
bool outbox_recover(struct destination *destination,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err);

#endif
