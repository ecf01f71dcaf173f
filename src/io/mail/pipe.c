/* SPDX-License-Identifier: ISC */
#include "io/mail/pipe.h"

#include <errno.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/mail/agent.h"
#include "io/mail/outbox.h"

#define PIECE (64 * 1024)

struct mda {
	struct outbox outbox;
	struct agent agent;
	struct spool input; /* the message that the command reads */
	char piece[PIECE];
};

static struct mda *mda_of(struct outbox *outbox)
{
	return (struct mda *)outbox;
}

/* Copies the message to the file that the command reads. */
static bool copy_message(struct mda *mda, const struct spooled *one)
{
	off_t at = one->start;

	/* The command would get the end of a longer message, too. */
	if (!spool_clear(&mda->input))
		return false;
	while (at < one->end) {
		ssize_t n = spool_read(&mda->outbox.closed, one, at, mda->piece,
			sizeof mda->piece);

		if (n < 0 || !spool_append(&mda->input, mda->piece, (size_t)n))
			return false;
		at += n;
	}
	return true;
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct mda *mda = mda_of(outbox);
	const struct spooled *one = &outbox->closed.at[i];
	const struct agent_job job = {
		.uid = one->uid,
		.identity = one->identity,
		.sender = one->from,
		.input = mda->input.fd,
		.output = -1,
	};

	if (!copy_message(mda, one))
		return error_set(err, ERROR_TEMPORARY,
			"cannot write to the spool file in the state directory for %s: %s. The mail stays on the server",
			outbox->where, strerror(errno));
	answer->verdict = agent_run(&mda->agent, &job, &answer->why, err);
	return answer->verdict == VERDICT_PUBLISHED ||
		answer->verdict == VERDICT_REFUSED;
}

/* There is no connection. */
static bool stay(struct outbox *outbox, struct error *err)
{
	(void)outbox;
	(void)err;
	return true;
}

static void close_pipe(struct outbox *outbox)
{
	struct mda *mda = mda_of(outbox);

	agent_close(&mda->agent);
	spool_close(&mda->input);
}

static const struct outbox_ops kind = {
	.close = close_pipe, .deliver = deliver, .stay = stay};

static struct destination *open_pipe(
	const struct destination_opening *opening, struct error *err)
{
	const struct agent_command command = {"pipe",
		opening->destination->path, opening->destination->pipe_timeout};
	struct mda *mda = xcalloc(1, sizeof *mda);

	mda->outbox.destination.ops = &pipe_ops;
	mda->outbox.stop = opening->stop;
	mda->input.fd = -1;
	agent_init(&mda->agent);
	outbox_init(&mda->outbox, &kind, agent_words(&command));
	if (outbox_open_spool(&mda->outbox, opening->spool_directory, err) &&
		spool_open(&mda->input, opening->spool_directory, err) &&
		agent_open(&mda->agent, &command, opening, err))
		return &mda->outbox.destination;
	outbox_close(&mda->outbox.destination);
	return NULL;
}

bool pipe_check(const char *command, bool *there, struct error *err)
{
	*there = agent_check("pipe", command, err);
	return *there;
}

const struct destination_ops pipe_ops = {
	.open = open_pipe,
	OUTBOX_OPS,
	.end = outbox_end,
	.recover = outbox_recover,
};
