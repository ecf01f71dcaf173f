/* SPDX-License-Identifier: ISC */
/*
 * One message after another to its destination, hashed as it passes, in
 * batches: seal (durable, not yet visible), then publish.
 *
 * The caller's ladder: begin write... end, for each message; turn; seal; commit
 * the letters to the store as arriving; publish; commit them as kept.
 *
 * There are two batches: the open one, which messages go into, and the closed
 * one. has, forgo, seal, publish, verdict and abandon may run in another thread
 * than all the rest, but for open, close, turn and recover, while which nothing
 * else may run.
 */
#ifndef IO_MAIL_DELIVERY_H
#define IO_MAIL_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/letter.h"
#include "io/mail/destination.h"

struct delivery;

/*
 * Opens a destination, so that what is wrong with it is found before anything
 * is fetched. spool_directory: where an mbox's batch may be collected. NULL
 * with ERROR_CREATE. The caller closes it.
 */
struct delivery *delivery_open(enum destination_kind kind, const char *path,
	const char *spool_directory, struct error *err);

/* Closes it; what was not published is taken away. Safe on NULL. */
void delivery_close(struct delivery *delivery);

/* From now on, a letter says when the message was received. */
void delivery_read_dates(struct delivery *delivery);

/* Clears away what runs killed long ago left, after all recovery. */
void delivery_sweep(struct delivery *delivery);

/*
 * Begins a message. When this, or writing or ending it, fails (ERROR_WRITE),
 * the message must be dropped; the batch before it stands.
 */
bool delivery_begin(struct delivery *delivery, struct error *err);

/* Appends text to it: LF line ends, any bytes. */
bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err);

/*
 * Ends it, complete: it belongs to the open batch, and *letter says what is
 * known of it. An mbox's letters get their offsets when they are sealed.
 */
bool delivery_end(struct delivery *delivery, int64_t now, struct letter *letter,
	struct error *err);

/* Takes away the message that was begun, if any. */
void delivery_drop(struct delivery *delivery);

/* Takes away the last count messages of the open batch. */
void delivery_drop_last(struct delivery *delivery, size_t count);

/* Closes the open batch; a new one is open. The last must be done with. */
void delivery_turn(struct delivery *delivery);

/*
 * Which of these letters (count of them, those with there[i] true) are here,
 * wherever their owner moved them below this place, and read as they were
 * stored? there[i] says so then.
 */
bool delivery_has(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *there, struct error *err);

/* Takes message i (from 0) out of the closed batch, before it is sealed. */
void delivery_forgo(struct delivery *delivery, size_t i);

/*
 * Makes the closed batch (letters: all that were ended between the last two
 * turns, in order, also of what was taken out) durable without showing it.
 * ERROR_WRITE, or ERROR_TEMPORARY when an mbox stays locked; the batch must be
 * abandoned then.
 */
bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err);

/*
 * Shows the sealed batch, durably. False when that failed for any message of
 * it; the batch must be abandoned then, but what is published stays (see
 * delivery_verdict).
 */
bool delivery_publish(struct delivery *delivery, struct error *err);

/*
 * What became of message i (from 0) of the batch that delivery_publish was
 * called for last, until it is called again.
 */
enum verdict delivery_verdict(const struct delivery *delivery, size_t i);

/* Takes the closed batch away. */
void delivery_abandon(struct delivery *delivery);

/*
 * Finishes what an ended run began. letters (count of them, in the order of
 * their offsets) are what the store holds as arriving here; arrived[i] says
 * whether letter i is in its place now, whole and durable; the others are gone
 * and must be fetched again.
 */
bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err);

#endif
