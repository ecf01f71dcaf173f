/* SPDX-License-Identifier: ISC */
/*
 * Delivers messages, one after another, to a destination, hashing them on the
 * way, in batches: seal (durable, not yet visible), then publish.
 *
 * The order of calls, the commit ladder: for each message begin, write..., end;
 * then turn; seal; commit the letters to the store as arriving; publish; commit
 * them as kept. Where mail is handed over before it is stored (the setting
 * also): then turn; commit them as arriving; hand_over; forgo those that were
 * not taken; seal; commit where they will be; publish; commit them as kept.
 *
 * There are two batches: the open one, to which messages are added, and the
 * closed one. has, forgo, was_taken, hand_over, seal, publish, verdict and
 * abandon may run in another thread than the other functions, except that
 * nothing else may run during open, close, turn and recover.
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
 * Opens a destination, so that errors with it are found before anything is
 * fetched. spool_directory: where the batch may be collected, unless it is a
 * Maildir's.
 * Returns NULL with ERROR_CREATE on failure. The caller closes it.
 */
struct delivery *delivery_open(
	const struct destination_opening *opening, struct error *err);

/* Closes it; messages that were not published are removed. Safe on NULL. */
void delivery_close(struct delivery *delivery);

/*
 * From now on, delivery_publish, or delivery_hand_over, calls confirm for each
 * message of a destination that confirms (destination_traits), as soon as its
 * answer is there.
 */
void delivery_watch(
	struct delivery *delivery, destination_confirm *confirm, void *data);

/* From now on, letters say when the message was received. */
void delivery_read_dates(struct delivery *delivery);

/*
 * Removes leftovers of runs that were killed long ago. Call this after all
 * recovery.
 */
void delivery_sweep(struct delivery *delivery);

/*
 * Begins a message. If this fails, or writing or ending the message
 * (ERROR_WRITE), the message must be dropped; the messages before it remain in
 * the batch.
 */
bool delivery_begin(struct delivery *delivery, struct error *err);

/* Appends text to the message: LF line ends, any bytes. */
bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err);

/*
 * Ends the message, which is complete and becomes part of the open batch;
 * *letter describes it. The bytes of uid must be valid until the batch is
 * published. The letters of an mbox get their offsets when they are sealed. If
 * the account's filter did not take the message, err says why.
 */
enum addition delivery_end(struct delivery *delivery, struct uid uid,
	int64_t now, struct letter *letter, struct error *err);

/* Removes the message that was begun, if any. */
void delivery_drop(struct delivery *delivery);

/* Removes the last count messages of the open batch. */
void delivery_drop_last(struct delivery *delivery, size_t count);

/*
 * Closes the open batch, and opens a new one. The last closed batch must have
 * been published or abandoned.
 */
void delivery_turn(struct delivery *delivery);

/*
 * Finds which of the letters (count of them, only those with there[i] true) are
 * here, in whichever folder below this place their owner moved them to, with
 * the text that was stored, and sets there[i] accordingly.
 */
bool delivery_has(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *there, struct error *err);

/* Removes message i (from 0) from the closed batch before it is sealed. */
void delivery_forgo(struct delivery *delivery, size_t i);

/* Is mail handed over before it is stored? */
bool delivery_hands_over(const struct delivery *delivery);

/*
 * Where the messages that are handed over will be (the name of a letter, for
 * recover); "" if that is not known. Borrowed.
 */
const char *delivery_sought(const struct delivery *delivery);

/* Message i of the closed batch is stored, but was handed over before. */
void delivery_was_taken(struct delivery *delivery, size_t i);

/*
 * Hands over the closed batch of count messages. Returns false if nothing more
 * can be handed over in this session; see delivery_verdict for what became of
 * each.
 */
bool delivery_hand_over(
	struct delivery *delivery, size_t count, struct error *err);

/*
 * Makes the closed batch durable, but not yet visible. letters: all that were
 * ended between the last two turns, in order, including those removed by forgo.
 * ERROR_WRITE, or ERROR_TEMPORARY if an mbox remains locked; the batch must
 * then be abandoned.
 */
bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err);

/*
 * Makes the sealed batch visible, durably. Returns false if that failed for any
 * message; the batch must then be abandoned, but the messages that were
 * published stay (see delivery_verdict).
 */
bool delivery_publish(struct delivery *delivery, struct error *err);

/*
 * What became of message i (from 0) of the last batch for which
 * delivery_publish was called, or delivery_hand_over, if mail is handed over
 * first. Valid until the next such call.
 */
enum verdict delivery_verdict(const struct delivery *delivery, size_t i);

/* Removes the closed batch. */
void delivery_abandon(struct delivery *delivery);

/*
 * Completes what a killed run began. letters (count of them, ordered by offset)
 * are those recorded as arriving here; arrived[i] is set to whether letter i is
 * now in its place, complete and durable. The others are gone and must be
 * fetched again.
 */
bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err);

#endif
