/* SPDX-License-Identifier: ISC */
#include "io/mail/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/process/now.h"

/*
 * Seconds after which the server is told that the connection is still in use:
 * servers close it after some minutes (RFC 5321 section 4.5.3.2).
 */
#define STAY_AFTER 45

static struct outbox *outbox_of(struct destination *destination)
{
	return (struct outbox *)destination;
}

void outbox_init(
	struct outbox *outbox, const struct outbox_ops *kind, char *where)
{
	outbox->kind = kind;
	outbox->where = where;
	outbox->open.fd = outbox->closed.fd = -1;
	outbox->last_used = now_seconds();
	pthread_mutex_init(&outbox->in_use, NULL);
}

bool outbox_open_spool(
	struct outbox *outbox, const char *directory, struct error *err)
{
	return spool_open(&outbox->open, directory, err) &&
		spool_open(&outbox->closed, directory, err);
}

void outbox_close(struct destination *destination)
{
	struct outbox *outbox = outbox_of(destination);

	if (outbox == NULL)
		return;
	outbox->kind->close(outbox);
	spool_close(&outbox->open);
	spool_close(&outbox->closed);
	pthread_mutex_destroy(&outbox->in_use);
	free(outbox->where);
	free(outbox);
}

/* The spool has no name, so nothing is left behind. */
void outbox_sweep(struct destination *destination)
{
	(void)destination;
}

bool outbox_begin(struct destination *destination, struct error *err)
{
	struct outbox *outbox = outbox_of(destination);

	(void)err;
	outbox->current =
		(struct spooled){.start = outbox->open.end, .ends_line = true};
	return true;
}

/* A slow server must not make another one close its connection. */
static void stay_connected(struct outbox *outbox)
{
	int64_t now = now_seconds();

	/* Otherwise it is being used. */
	if (pthread_mutex_trylock(&outbox->in_use) != 0)
		return;
	if (now - outbox->last_used >= STAY_AFTER &&
		outbox->lost.kind == ERROR_NONE) {
		outbox->kind->stay(outbox, &outbox->lost);
		outbox->last_used = now;
	}
	pthread_mutex_unlock(&outbox->in_use);
}

bool outbox_write(struct destination *destination, const char *bytes,
	size_t length, struct error *err)
{
	struct outbox *outbox = outbox_of(destination);

	if (!spool_append(&outbox->open, bytes, length))
		return error_set(err, ERROR_WRITE,
			"cannot write to the spool file in the state directory (for %s): %s. No mail was lost",
			outbox->where, strerror(errno));
	if (length > 0)
		outbox->current.ends_line = bytes[length - 1] == '\n';
	stay_connected(outbox);
	return true;
}

bool outbox_end(struct destination *destination,
	const struct destination_ending *ending, struct letter *letter,
	struct error *err)
{
	struct outbox *outbox = outbox_of(destination);
	struct spooled *current = &outbox->current;

	(void)err;
	/* Its name is what the destination calls it, once that is known. */
	letter->name[0] = '\0';
	current->end = outbox->open.end;
	current->uid = ending->uid;
	current->date = letter->received != 0 && letter->received < ending->now
		? letter->received
		: ending->now;
	/* Of what came: a filter may write something else each time. */
	const unsigned char *header = letter->changed
		? letter->came.header_sha256
		: letter->header_sha256;

	memcpy(current->identity,
		letter_came_identified(letter) ? header
					       : letter_came_sha256(letter),
		sizeof current->identity);
	snprintf(current->from, sizeof current->from, "%s", ending->sender);
	spool_add(&outbox->open, current);
	return true;
}

void outbox_drop(struct destination *destination)
{
	struct outbox *outbox = outbox_of(destination);

	outbox->open.end = outbox->current.start;
}

void outbox_drop_last(struct destination *destination, size_t count)
{
	spool_drop_last(&outbox_of(destination)->open, count);
}

void outbox_turn(struct destination *destination)
{
	struct outbox *outbox = outbox_of(destination);
	struct spool empty = outbox->closed;

	outbox->closed = outbox->open;
	outbox->open = empty;
}

/* What was confirmed was delivered, whatever became of it afterwards. */
bool outbox_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	(void)destination;
	(void)letters;
	(void)count;
	(void)there;
	(void)err;
	return true;
}

void outbox_forgo(struct destination *destination, size_t i)
{
	outbox_of(destination)->closed.at[i].forgone = true;
}

/* Nothing needs to be durable here: the server still has the messages. */
bool outbox_seal(struct destination *destination, struct letter *letters,
	size_t count, struct error *err)
{
	struct outbox *outbox = outbox_of(destination);

	(void)letters;
	return count == outbox->closed.count ||
		error_set(err, ERROR_SOFTWARE,
			"a batch of %zu for %zu messages", count,
			outbox->closed.count);
}

/* Delivers one message and passes on what became of it. */
static bool deliver(struct outbox *outbox, size_t i, enum verdict *verdict,
	struct error *err)
{
	struct destination *destination = &outbox->destination;
	struct confirmation answer = {.i = i, .verdict = VERDICT_FAILED};

	if (outbox->lost.kind == ERROR_NONE) {
		bool ok = outbox->kind->deliver(
			outbox, i, &answer, &outbox->lost);

		*verdict = answer.verdict;
		if (ok)
			outbox->last_used = now_seconds();
	}
	if (outbox->lost.kind != ERROR_NONE) {
		*err = outbox->lost;
		return false;
	}
	outbox->refusals =
		answer.verdict == VERDICT_REFUSED ? outbox->refusals + 1 : 0;
	if (destination->confirm != NULL &&
		!destination->confirm(destination->confirm_data, &answer, err))
		return false;
	return true;
}

bool outbox_may_send(const struct outbox *outbox)
{
	return (outbox->stop == NULL || *outbox->stop == 0) &&
		outbox->refusals < OUTBOX_REFUSALS_MAX;
}

/* A slow server must not delay the end of the program. */
static bool may_go_on(const struct outbox *outbox, struct error *err)
{
	if (outbox->refusals >= OUTBOX_REFUSALS_MAX)
		return error_set(err, ERROR_TEMPORARY,
			"%s refused %u messages in a row: no other is delivered in this run. They stay on the server",
			outbox->where, outbox->refusals);
	return outbox_may_send(outbox) ||
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal: what %s has not confirmed stays on the server, and the next run delivers it",
			outbox->where);
}

/* Nobody knows what became of those that were sent and not answered. */
static void doubt(
	const struct outbox *outbox, size_t from, enum verdict *verdicts)
{
	for (size_t i = from; i < outbox->ahead; i++) {
		if (verdicts[i] == VERDICT_DEFERRED)
			verdicts[i] = VERDICT_FAILED;
	}
}

bool outbox_publish(struct destination *destination, enum verdict *verdicts,
	struct error *err)
{
	struct outbox *outbox = outbox_of(destination);
	struct spool *batch = &outbox->closed;
	bool ok = true;
	size_t i = 0;

	for (size_t k = 0; k < batch->count; k++)
		verdicts[k] = batch->at[k].forgone ? VERDICT_FORGONE
						   : VERDICT_DEFERRED;
	outbox->ahead = 0;
	pthread_mutex_lock(&outbox->in_use);
	for (; ok && i < batch->count; i++) {
		if (batch->at[i].forgone)
			continue;
		/* What was sent is waited for. */
		ok = (i < outbox->ahead || may_go_on(outbox, err)) &&
			deliver(outbox, i, &verdicts[i], err);
	}
	doubt(outbox, i, verdicts);
	ok = ok &&
		(outbox->refusals < OUTBOX_REFUSALS_MAX ||
			may_go_on(outbox, err));
	pthread_mutex_unlock(&outbox->in_use);
	spool_clear(batch);
	return ok;
}

void outbox_abandon(struct destination *destination)
{
	spool_clear(&outbox_of(destination)->closed);
}

/* Only the record says what was confirmed. */
bool outbox_recover(struct destination *destination,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err)
{
	(void)destination;
	(void)letters;
	(void)err;
	for (size_t i = 0; i < count; i++)
		arrived[i] = false;
	return true;
}
