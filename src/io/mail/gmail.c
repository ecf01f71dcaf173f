/* SPDX-License-Identifier: ISC */
#include "io/mail/gmail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/gmail.h"
#include "core/smime.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/mail/outbox.h"
#include "io/process/helper.h"

#define PIECE (64 * 1024)
/* The uploader gives up by itself, after the time that it has for a message. */
#define ANSWER_SECONDS (DESTINATION_UPLOAD_SECONDS + 60)

struct gmail {
	struct outbox outbox;
	struct helper helper;
	struct peer peer;      /* the helper's socket, which peer closes */
	struct spool input;    /* the message that is sent */
	struct buffer sending; /* the piece that is next, with CRLF */
	char piece[PIECE];
};

static struct gmail *gmail_of(struct outbox *outbox)
{
	return (struct gmail *)outbox;
}

/* Copies the message to the file that is sent; lines end in CRLF there. */
static bool copy_message(struct gmail *gmail, const struct spooled *one)
{
	off_t at = one->start;
	bool ok = spool_clear(&gmail->input);

	while (ok && at < one->end) {
		struct buffer *next = &gmail->sending;
		ssize_t n = spool_read(&gmail->outbox.closed, one, at,
			gmail->piece, sizeof gmail->piece);

		ok = n >= 0 && smime_to_crlf(gmail->piece, (size_t)n, next) &&
			spool_append(&gmail->input, buffer_bytes(next),
				buffer_length(next));
		buffer_consume(next, buffer_length(next));
		at += n;
	}
	return ok;
}

/* Runs in the helper. */
static void upload(void *data, const struct helper_job *job, int input,
	const struct patience *wait, struct helper_result *result)
{
	const struct destination_opening *opening = data;
	struct destination_upload upload = {
		.file = input, .wait = wait, .asks = job->values[0][0] != '\0'};

	opening->upload(opening->upload_data, &upload);
	result->status = upload.status;
	result->error = (int)upload.failure;
	result->length = upload.length < sizeof result->output
		? upload.length
		: sizeof result->output;
	memcpy(result->output, upload.answer, result->length);
}

static bool lost(struct gmail *gmail, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"%s: the process that sends the mail has ended (%s): the mail stays on the server, and the next run delivers it",
		gmail->outbox.where, peer_error());
}

/* Sends what is in the file, or only asks, and waits for the answer. */
static bool exchange(struct gmail *gmail, bool asks,
	struct helper_result *result, struct error *err)
{
	struct helper_job job;
	size_t received = 0;

	memset(&job, 0, sizeof job);
	job.values[0][0] = asks ? '?' : '\0';
	if (!helper_send(&gmail->helper, &job, gmail->input.fd, -1))
		return lost(gmail, err);
	peer_expect(&gmail->peer, ANSWER_SECONDS);
	while (received < sizeof *result) {
		ssize_t n = peer_receive(&gmail->peer,
			(char *)result + received, sizeof *result - received);

		/* The answer may still come. */
		if (n < 0 && errno == ECANCELED && gmail->peer.stop != NULL) {
			gmail->peer.stop = NULL;
			helper_hurry(&gmail->helper);
			peer_expect(&gmail->peer, ANSWER_SECONDS);
			continue;
		}
		if (n < 0)
			return lost(gmail, err);
		received += (size_t)n;
	}
	return true;
}

/* Nothing more is delivered, for what the answer says. */
static bool give_up(struct gmail *gmail, const struct gmail_answer *answer,
	const struct helper_result *result, struct error *err)
{
	const char *where = gmail->outbox.where;
	const char *why = answer->why;
	size_t n = strlen(why);

	if (answer->verdict == GMAIL_TOKEN)
		return error_set_server(err, ERROR_LOGIN, why, n,
			"%s did not accept the token of gmail-token-command: see that it prints an access token that is valid now. The mail stays on the server",
			where);
	if (answer->verdict == GMAIL_FORBIDDEN)
		return error_set_server(err, ERROR_LOGIN, why, n,
			"%s does not permit this (status %d): the token needs the scope gmail.insert, and gmail the address that it was made for. The mail stays on the server",
			where, result->status);
	return error_set_server(err, ERROR_TEMPORARY, why, n,
		"%s cannot take mail now (status %d): nothing more is delivered in this run, and the mail stays on the server",
		where, result->status);
}

/* The uploader could not get an answer; it says why. */
static bool no_answer(struct gmail *gmail, const struct helper_result *result,
	struct error *err)
{
	char why[HELPER_OUTPUT_MAX + 1];

	text_printable(why, sizeof why, result->output, result->length);
	return error_set(err, (enum error_kind)result->error, "%s: %s",
		gmail->outbox.where, why);
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct gmail *gmail = gmail_of(outbox);
	struct helper_result result;
	struct gmail_answer said;

	answer->verdict = VERDICT_DEFERRED;
	if (!copy_message(gmail, &outbox->closed.at[i]))
		return error_set(err, ERROR_TEMPORARY,
			"cannot write to the spool file in the state directory for %s: %s. The mail stays on the server",
			outbox->where, strerror(errno));
	if ((uint64_t)gmail->input.end > GMAIL_MESSAGE_MAX) {
		answer->verdict = VERDICT_REFUSED;
		return error_set(&answer->why, ERROR_UNAVAILABLE,
			       "%s takes no message of more than %d MiB",
			       outbox->where, (int)(GMAIL_MESSAGE_MAX >> 20)) ||
			true;
	}
	/* Until there is an answer, it may have been taken. */
	answer->verdict = VERDICT_FAILED;
	if (!exchange(gmail, false, &result, err))
		return false;
	if (result.status == 0)
		return no_answer(gmail, &result, err);
	gmail_judge(result.status, result.output, result.length, &said);
	switch (said.verdict) {
	case GMAIL_TAKEN:
		answer->verdict = VERDICT_PUBLISHED;
		memcpy(answer->where, said.id, sizeof said.id);
		return true;
	case GMAIL_REFUSED:
		answer->verdict = VERDICT_REFUSED;
		error_set_server(&answer->why, ERROR_UNAVAILABLE, said.why,
			strlen(said.why), "%s refused it (status %d)",
			outbox->where, result.status);
		return true;
	case GMAIL_TOKEN:
	case GMAIL_FORBIDDEN:
		answer->verdict = VERDICT_DEFERRED;
		break;
	case GMAIL_LATER:
		break;
	}
	return give_up(gmail, &said, &result, err);
}

/* The uploader connects again if it has to. */
static bool stay(struct outbox *outbox, struct error *err)
{
	(void)outbox;
	(void)err;
	return true;
}

static void close_gmail(struct outbox *outbox)
{
	struct gmail *gmail = gmail_of(outbox);

	helper_close(&gmail->helper);
	spool_close(&gmail->input);
	buffer_release(&gmail->sending);
}

static const struct outbox_ops kind = {
	.close = close_gmail, .deliver = deliver, .stay = stay};

/* Is the token valid? Whether it permits the call, only the call shows. */
static bool ask(struct gmail *gmail, struct error *err)
{
	struct helper_result result;
	struct gmail_answer said;

	if (!exchange(gmail, true, &result, err))
		return false;
	if (result.status == 0)
		return no_answer(gmail, &result, err);
	/* That of gmail.insert may not ask for this. */
	if (result.status < 400 || result.status == 403)
		return true;
	gmail_judge(result.status, result.output, result.length, &said);
	return give_up(gmail, &said, &result, err);
}

static struct destination *open_gmail(
	const struct destination_opening *opening, struct error *err)
{
	struct gmail *gmail = xcalloc(1, sizeof *gmail);
	struct destination_opening copy = *opening;
	const struct helper_setup setup = {
		.forget = opening->forget,
		.forget_data = opening->forget_data,
		.seconds = DESTINATION_UPLOAD_SECONDS,
		.work = upload,
		.work_data = &copy,
	};

	gmail->outbox.destination.ops = &gmail_ops;
	gmail->outbox.stop = gmail->peer.stop = opening->stop;
	gmail->helper.fd = gmail->input.fd = -1;
	buffer_init(&gmail->sending, 2 * PIECE);
	outbox_init(&gmail->outbox, &kind,
		xasprintf("Gmail (%s)", opening->destination->path));
	bool ok = outbox_open_spool(
			  &gmail->outbox, opening->spool_directory, err) &&
		spool_open(&gmail->input, opening->spool_directory, err) &&
		helper_start(&gmail->helper, &setup, err);

	gmail->peer.fd = gmail->helper.fd;
	/* One that does not answer costs no download. */
	if (ok && ask(gmail, err))
		return &gmail->outbox.destination;
	outbox_close(&gmail->outbox.destination);
	return NULL;
}

bool gmail_ask(const struct destination_opening *opening, bool *there,
	struct error *err)
{
	struct destination *destination = open_gmail(opening, err);

	*there = destination != NULL;
	outbox_close(destination);
	return *there;
}

const struct destination_ops gmail_ops = {
	.open = open_gmail,
	OUTBOX_OPS,
	.end = outbox_end,
	.recover = outbox_recover,
};
