/* SPDX-License-Identifier: ISC */
#include "commands/proof.h"

#include <stdio.h>
#include <string.h>

#define TAG_PROOF UINT32_C(0x80000000)

/*
 * Few messages are proven each by itself, which costs nothing; of many, a
 * sixteenth more commands go out. Without a pipeline a proof costs a round
 * trip, but once the server was seen out of step, nothing else will do.
 */
size_t proof_group(const struct run *run)
{
	size_t group = 1 + run->plan.fetches / 64;

	if (run->one_by_one)
		return 1;
	if (group > PROOF_GROUP_MAX || !session_pipelines(run->session))
		return PROOF_GROUP_MAX;
	return group;
}

bool proof_push(struct run *run, size_t position, struct error *err)
{
	char command[32];

	snprintf(command, sizeof command, "UIDL %u",
		run->maildrop.messages[position].number);
	return session_push(run->session, POP3_SINGLE,
		TAG_PROOF | (uint32_t)position, command, err);
}

bool proof_has_tag(uint32_t tag)
{
	/* LIST's tag has all bits. */
	return (tag & TAG_PROOF) != 0 && tag != UINT32_MAX;
}

bool proof_take(
	struct run *run, const struct pipeline_event *event, struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	const struct message *message =
		&run->maildrop.messages[event->tag & ~TAG_PROOF];
	uint32_t number;
	const char *uid;
	size_t length;
	bool same = answer->status == POP3_OK &&
		pop3_parse_listed(
			answer->text, answer->length, &number, &uid, &length) &&
		number == message->number && length == message->uid_length &&
		memcmp(uid, maildrop_uid(&run->maildrop, message), length) == 0;

	/* A server that knows UIDL without a number only. */
	if (answer->status == POP3_ERR && !session_pipelines(run->session))
		same = true;
	if (!same) {
		size_t n;
		const char *words = session_words(
			run->session, answer->text, answer->length, &n);

		return error_set_server(err, ERROR_PROTOCOL, words, n,
			"%s:%u answers out of step: what came since message %u "
			"may be other messages than it seems. It was not kept, "
			"the session was ended and nothing was erased; the "
			"next run fetches one message at a time",
			run->account->server, run->account->port,
			message->number);
	}
	run->proven = run->batched;
	return true;
}

/* The size as listed of the n-th message that is fetched after this one. */
static uint64_t size_after(const struct run *run, size_t position, int shift)
{
	while (shift != 0) {
		size_t step = shift > 0 ? 1 : SIZE_MAX;

		position += step;
		if (position >= run->plan.count)
			return MAILDROP_SIZE_UNKNOWN;
		if (run->plan.steps[position].fetch)
			shift += shift > 0 ? -1 : 1;
	}
	return run->maildrop.messages[position].size;
}

/* Would the same octets have come if each answer belonged to another message?
 */
static bool could_be_shifted(const struct run *run, int shift)
{
	for (size_t i = run->proven; i < run->batched; i++) {
		if (size_after(run, run->positions[i], shift) !=
			run->octets_sent[i])
			return false;
	}
	return true;
}

/*
 * Sizes that are all as LIST said prove the order, unless they would be as
 * listed in another order, too.
 */
static bool sizes_prove(const struct run *run)
{
	if (!could_be_shifted(run, 0))
		return false;
	for (int shift = 1; shift <= PROOF_GROUP_MAX; shift++) {
		if (could_be_shifted(run, shift) ||
			could_be_shifted(run, -shift))
			return false;
	}
	return true;
}

size_t proof_believed(const struct run *run, const struct error *err)
{
	bool in_order = run->session != NULL && !run->one_by_one &&
		!session_pipelines(run->session);

	if (err->kind == ERROR_PROTOCOL || run->proven == run->batched)
		return run->proven;
	return in_order || sizes_prove(run) ? run->batched : run->proven;
}
