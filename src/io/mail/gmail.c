/* SPDX-License-Identifier: ISC */
#include "io/mail/gmail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/gmail.h"
#include "core/smime.h"
#include "core/xalloc.h"
#include "io/mail/outbox.h"
#include "io/process/helper.h"

#define PIECE (64 * 1024)
/* The uploader gives up by itself, after the time that it has for a message. */
#define ANSWER_SECONDS (DESTINATION_UPLOAD_SECONDS + 60)
/* How long it has once it was told to hurry. */
#define HURRIED_SECONDS 20

struct gmail {
	struct outbox outbox;
	struct helper helper;
	struct peer peer;      /* the helper's socket, which peer closes */
	struct spool input;    /* the message that is sent */
	struct buffer sending; /* the piece that is next, with CRLF */
	const char *token;     /* the setting that it comes from */
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

		ok = n > 0 && smime_to_crlf(gmail->piece, (size_t)n, next) &&
			spool_append(&gmail->input, buffer_bytes(next),
				buffer_length(next));
		buffer_consume(next, buffer_length(next));
		at += n;
	}
	return ok;
}

/* What the helper sends. */
struct reply {
	bool answered;
	enum error_kind kind; /* of why there is no answer */
	struct gmail_answer said;
	char why[512];
};

/* Runs in the helper. */
static void upload(void *data, const struct helper_job *job, int input,
	const struct patience *wait, struct helper_result *result)
{
	const struct destination_opening *opening = data;
	struct destination_upload upload = {
		.file = input, .wait = wait, .asks = job->values[0][0] != '\0'};
	struct reply reply;

	_Static_assert(sizeof reply <= sizeof result->output,
		"a reply must fit into a result");
	opening->upload(opening->upload_data, &upload);
	memset(&reply, 0, sizeof reply);
	reply.answered = upload.answered;
	reply.kind = upload.failure.kind;
	reply.said = upload.said;
	snprintf(reply.why, sizeof reply.why, "%.400s%s%.100s",
		upload.failure.text,
		upload.failure.server[0] == '\0' ? "" : ": ",
		upload.failure.server);
	memcpy(result->output, &reply, sizeof reply);
	result->length = sizeof reply;
}

static bool lost(struct gmail *gmail, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"%s: the process that sends the mail has ended (%s): the mail stays on the server, and the next run delivers it",
		gmail->outbox.where, peer_error());
}

/* Sends what is in the file, or only asks (-1), and waits for the answer. */
static bool exchange(
	struct gmail *gmail, int file, struct reply *reply, struct error *err)
{
	struct helper_job job;
	struct helper_result result;
	size_t received = 0;
	int nothing = file < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

	memset(&job, 0, sizeof job);
	job.values[0][0] = file < 0 ? '?' : '\0';
	bool sent = helper_send(
		&gmail->helper, &job, file < 0 ? nothing : file, -1);

	if (nothing >= 0)
		close(nothing);
	if (!sent)
		return lost(gmail, err);
	peer_expect(&gmail->peer, ANSWER_SECONDS);
	while (received < sizeof result) {
		ssize_t n = peer_receive(&gmail->peer,
			(char *)&result + received, sizeof result - received);

		/* The answer may still come. */
		if (n < 0 && errno == ECANCELED && gmail->peer.stop != NULL) {
			gmail->peer.stop = NULL;
			helper_hurry(&gmail->helper);
			peer_expect(&gmail->peer, HURRIED_SECONDS);
			continue;
		}
		if (n < 0)
			return lost(gmail, err);
		received += (size_t)n;
	}
	memcpy(reply, result.output, sizeof *reply);
	reply->said.id[sizeof reply->said.id - 1] = '\0';
	reply->said.why[sizeof reply->said.why - 1] = '\0';
	reply->why[sizeof reply->why - 1] = '\0';
	return reply->answered ||
		error_set(err, reply->kind, "%s: %s", gmail->outbox.where,
			reply->why);
}

/* Nothing more is delivered, for what the answer says. */
static bool give_up(
	struct gmail *gmail, const struct gmail_answer *said, struct error *err)
{
	const char *where = gmail->outbox.where;
	const char *why = said->why;
	size_t n = strlen(why);

	switch (said->verdict) {
	case GMAIL_TOKEN:
		return error_set_server(err, ERROR_LOGIN, why, n,
			"%s did not accept the token of %s: see that it is an access token that is valid now. The mail stays on the server",
			where, gmail->token);
	case GMAIL_SCOPE:
	case GMAIL_FORBIDDEN:
		return error_set_server(err, ERROR_LOGIN, why, n,
			"%s does not permit this (status %d): the token needs the scope gmail.insert, gmail the address that it was made for, and its project the Gmail API. The mail stays on the server",
			where, said->status);
	case GMAIL_LABEL:
		return error_set_server(err, ERROR_CONFIG, why, n,
			"%s does not know a label of gmail-labels: use the ids of labels that exist. The mail stays on the server",
			where);
	case GMAIL_STRANGE:
		return error_set_server(err, ERROR_TEMPORARY, why, n,
			"what answered is not %s (status %d): see that gmail-url is right, and that no portal or proxy answers in its place. The mail stays on the server",
			where, said->status);
	case GMAIL_FAILED:
	case GMAIL_LIMIT:
	case GMAIL_TAKEN:
	case GMAIL_REFUSED:
		break;
	}
	return error_set_server(err, ERROR_TEMPORARY, why, n,
		"%s cannot take mail now (status %d): nothing more is delivered in this run, and the mail stays on the server",
		where, said->status);
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct gmail *gmail = gmail_of(outbox);
	struct reply reply;

	answer->verdict = VERDICT_DEFERRED;
	if (!copy_message(gmail, &outbox->closed.at[i]))
		return error_set(err, ERROR_TEMPORARY,
			"cannot copy the message for %s to a spool file in the state directory: %s. The mail stays on the server",
			outbox->where, strerror(errno));
	if ((uint64_t)gmail->input.end > GMAIL_MESSAGE_MAX) {
		answer->verdict = VERDICT_REFUSED;
		error_set(&answer->why, ERROR_UNAVAILABLE,
			"%s takes no message of more than %d MiB",
			outbox->where, (int)(GMAIL_MESSAGE_MAX >> 20));
		return true;
	}
	/* Until there is an answer, it may have been taken. */
	answer->verdict = VERDICT_FAILED;
	if (!exchange(gmail, gmail->input.fd, &reply, err))
		return false;
	switch (reply.said.verdict) {
	case GMAIL_TAKEN:
		answer->verdict = VERDICT_PUBLISHED;
		memcpy(answer->where, reply.said.id, sizeof reply.said.id);
		return true;
	case GMAIL_REFUSED:
		answer->verdict = VERDICT_REFUSED;
		error_set_server(&answer->why, ERROR_UNAVAILABLE,
			reply.said.why, strlen(reply.said.why),
			"%s refused it (status %d)", outbox->where,
			reply.said.status);
		return true;
	case GMAIL_TOKEN:
	case GMAIL_SCOPE:
	case GMAIL_FORBIDDEN:
	case GMAIL_LABEL:
	case GMAIL_LIMIT:
		answer->verdict = VERDICT_DEFERRED;
		break;
	case GMAIL_FAILED:
	case GMAIL_STRANGE:
		break;
	}
	return give_up(gmail, &reply.said, err);
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
	struct reply reply;

	if (!exchange(gmail, -1, &reply, err))
		return false;
	/* That of gmail.insert may not ask for this. */
	return reply.said.status == 200 || reply.said.verdict == GMAIL_SCOPE ||
		give_up(gmail, &reply.said, err);
}

/* stores: it is to be used for mail. */
static struct destination *start(const struct destination_opening *opening,
	bool stores, struct error *err)
{
	struct gmail *gmail = xcalloc(1, sizeof *gmail);
	struct destination_opening copy = *opening;
	const struct helper_setup setup = {
		.seconds = DESTINATION_UPLOAD_SECONDS,
		.forget = opening->forget,
		.forget_data = opening->forget_data,
		.work = upload,
		.work_data = &copy,
	};

	gmail->outbox.destination.ops = &gmail_ops;
	gmail->outbox.stop = gmail->peer.stop = opening->stop;
	gmail->helper.fd = gmail->input.fd = -1;
	gmail->token =
		opening->destination->gmail.login.password_command != NULL
		? "gmail-token-command"
		: "gmail-token-file";
	buffer_init(&gmail->sending, 2 * PIECE);
	outbox_init(&gmail->outbox, &kind, xstrdup(opening->destination->path));
	bool ok = (!stores ||
			  (outbox_open_spool(&gmail->outbox,
				   opening->spool_directory, err) &&
				  spool_open(&gmail->input,
					  opening->spool_directory, err))) &&
		helper_start(&gmail->helper, &setup, err);

	gmail->peer.fd = gmail->helper.fd;
	/* One that does not answer costs no download. */
	if (ok && ask(gmail, err))
		return &gmail->outbox.destination;
	outbox_close(&gmail->outbox.destination);
	return NULL;
}

static struct destination *open_gmail(
	const struct destination_opening *opening, struct error *err)
{
	return start(opening, true, err);
}

bool gmail_ask(const struct destination_opening *opening, bool *there,
	struct error *err)
{
	struct destination *destination = start(opening, false, err);

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
