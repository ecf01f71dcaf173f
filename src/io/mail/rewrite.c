/* SPDX-License-Identifier: ISC */
#include "io/mail/rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/mail/agent.h"
#include "io/mail/spool.h"

#define PIECE (64 * 1024)

struct rewrite {
	const struct account_rewrite *how; /* borrowed */
	struct agent filter;
	struct spool input;  /* the message */
	struct spool output; /* what the filter wrote */
	char piece[PIECE];
};

bool rewrite_is_needed(const struct account_destination *destination)
{
	return destination->rewrite.filter != NULL;
}

struct rewrite *rewrite_open(
	const struct destination_opening *opening, struct error *err)
{
	const struct account_rewrite *how = &opening->destination->rewrite;
	const struct agent_command command = {
		"filter", how->filter, how->filter_timeout};
	struct rewrite *rewrite = xmalloc(sizeof *rewrite);

	rewrite->how = how;
	rewrite->input = rewrite->output = (struct spool){.fd = -1};
	agent_init(&rewrite->filter);
	if (spool_open(&rewrite->input, opening->spool_directory, err) &&
		spool_open(&rewrite->output, opening->spool_directory, err) &&
		agent_open(&rewrite->filter, &command, opening, err))
		return rewrite;
	rewrite_close(rewrite);
	return NULL;
}

void rewrite_close(struct rewrite *rewrite)
{
	if (rewrite == NULL)
		return;
	agent_close(&rewrite->filter);
	spool_close(&rewrite->input);
	spool_close(&rewrite->output);
	free(rewrite);
}

const char *rewrite_words(const struct rewrite *rewrite)
{
	return rewrite->filter.where;
}

static bool spool_failed(const struct rewrite *rewrite, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"cannot write to a spool file in the state directory (for %s): %s. No mail was lost",
		rewrite_words(rewrite), strerror(errno));
}

void rewrite_begin(struct rewrite *rewrite)
{
	rewrite->input.end = 0;
}

bool rewrite_write(struct rewrite *rewrite, const char *text, size_t length,
	struct error *err)
{
	return spool_append(&rewrite->input, text, length) ||
		spool_failed(rewrite, err);
}

/* Passes on all that is in the file. */
static bool put_file(struct rewrite *rewrite, int fd,
	const struct rewrite_message *message, struct error *err)
{
	off_t at = 0;

	for (;;) {
		ssize_t n =
			pread(fd, rewrite->piece, sizeof rewrite->piece, at);

		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, ERROR_TEMPORARY,
				"cannot read what %s wrote: %s. No mail was lost",
				rewrite_words(rewrite), strerror(errno));
		if (!message->put(
			    message->data, rewrite->piece, (size_t)n, err))
			return false;
		at += n;
	}
}

/* The files have this message only, and nothing of a longer one behind it. */
static bool cut_files(struct rewrite *rewrite, struct error *err)
{
	return (ftruncate(rewrite->input.fd, rewrite->input.end) == 0 &&
		       ftruncate(rewrite->output.fd, 0) == 0) ||
		spool_failed(rewrite, err);
}

enum addition rewrite_end(struct rewrite *rewrite,
	const struct rewrite_message *message, struct error *err)
{
	const struct agent_job job = {
		.uid = message->uid,
		.identity = message->identity,
		.sender = message->sender,
		.input = rewrite->input.fd,
		.output = rewrite->output.fd,
	};
	struct error why = {.kind = ERROR_NONE};

	if (!cut_files(rewrite, err))
		return ADDITION_FAILED;
	switch (agent_run(&rewrite->filter, &job, &why, err)) {
	case VERDICT_PUBLISHED:
		return put_file(rewrite, rewrite->output.fd, message, err)
			? ADDITION_DONE
			: ADDITION_FAILED;
	case VERDICT_REFUSED:
		*err = why;
		return ADDITION_REFUSED;
	case VERDICT_FAILED:
	case VERDICT_DEFERRED:
	case VERDICT_FORGONE:
		break;
	}
	return ADDITION_FAILED;
}
