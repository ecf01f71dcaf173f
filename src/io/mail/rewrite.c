/* SPDX-License-Identifier: ISC */
#include "io/mail/rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/smime.h"
#include "core/xalloc.h"
#include "io/mail/agent.h"
#include "io/mail/spool.h"
#include "io/process/cms.h"

#define PIECE (64 * 1024)

struct rewrite {
	const struct account_rewrite *how; /* borrowed */
	struct agent filter;
	struct spool input;		   /* the message */
	struct spool output;		   /* what the filter wrote */
	struct cms_recipients *recipients; /* owned; or NULL */
	struct buffer encrypting; /* the piece that is next, with CRLF */
	char piece[PIECE];
};

bool rewrite_is_needed(const struct account_destination *destination)
{
	return destination->rewrite.filter != NULL ||
		destination->rewrite.encrypt != NULL;
}

bool rewrite_check(
	const struct account_destination *destination, struct error *err)
{
	const struct account_rewrite *how = &destination->rewrite;
	struct cms_recipients *recipients = NULL;

	if (how->filter != NULL && !agent_check("filter", how->filter, err))
		return false;
	if (how->encrypt == NULL)
		return true;
	recipients = cms_recipients_read(how->encrypt, how->cipher, err);
	cms_recipients_free(recipients);
	return recipients != NULL;
}

static bool open_filter(struct rewrite *rewrite,
	const struct destination_opening *opening, struct error *err)
{
	const struct agent_command command = {
		"filter", rewrite->how->filter, rewrite->how->filter_timeout};

	return rewrite->how->filter == NULL ||
		(spool_open(&rewrite->output, opening->spool_directory, err) &&
			agent_open(&rewrite->filter, &command, opening, err));
}

static bool open_encryption(struct rewrite *rewrite, struct error *err)
{
	if (rewrite->how->encrypt == NULL)
		return true;
	rewrite->recipients = cms_recipients_read(
		rewrite->how->encrypt, rewrite->how->cipher, err);
	return rewrite->recipients != NULL;
}

struct rewrite *rewrite_open(
	const struct destination_opening *opening, struct error *err)
{
	struct rewrite *rewrite = xmalloc(sizeof *rewrite);

	rewrite->how = &opening->destination->rewrite;
	rewrite->input = rewrite->output = (struct spool){.fd = -1};
	rewrite->recipients = NULL;
	/* Each LF becomes two bytes. */
	buffer_init(&rewrite->encrypting, 2 * PIECE);
	agent_init(&rewrite->filter);
	if (spool_open(&rewrite->input, opening->spool_directory, err) &&
		open_encryption(rewrite, err) &&
		open_filter(rewrite, opening, err))
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
	cms_recipients_free(rewrite->recipients);
	buffer_release(&rewrite->encrypting);
	free(rewrite);
}

const char *rewrite_words(const struct rewrite *rewrite)
{
	return rewrite->how->filter == NULL ? "the setting encrypt"
					    : rewrite->filter.where;
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

/* Reads a piece of the file. Returns its length, 0 at the end; -1: failed. */
static ssize_t read_piece(
	struct rewrite *rewrite, int fd, off_t at, struct error *err)
{
	ssize_t n;

	do
		n = pread(fd, rewrite->piece, sizeof rewrite->piece, at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		error_set(err, ERROR_TEMPORARY,
			"cannot read a spool file in the state directory (for %s): %s. No mail was lost",
			rewrite_words(rewrite), strerror(errno));
	return n;
}

/* Passes on all that is in the file. */
static bool put_file(struct rewrite *rewrite, int fd,
	const struct rewrite_message *message, struct error *err)
{
	off_t at = 0;
	ssize_t n;

	while ((n = read_piece(rewrite, fd, at, err)) > 0) {
		if (!message->put(
			    message->data, rewrite->piece, (size_t)n, err))
			return false;
		at += n;
	}
	return n == 0;
}

/* ---- the filter ---------------------------------------------------------- */

/* The files have this message only, and nothing of a longer one behind it. */
static bool cut_files(struct rewrite *rewrite, struct error *err)
{
	return (ftruncate(rewrite->input.fd, rewrite->input.end) == 0 &&
		       (rewrite->output.fd < 0 ||
			       ftruncate(rewrite->output.fd, 0) == 0)) ||
		spool_failed(rewrite, err);
}

/* A command can end with status 0 although a part of it failed. */
static enum addition check_output(struct rewrite *rewrite, struct error *err)
{
	off_t length = lseek(rewrite->output.fd, 0, SEEK_END);

	if (length > 0 || rewrite->input.end == 0)
		return ADDITION_DONE;
	error_set(err, ERROR_UNAVAILABLE, "%s returned nothing",
		rewrite_words(rewrite));
	return ADDITION_REFUSED;
}

static enum addition run_filter(struct rewrite *rewrite,
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

	switch (agent_run(&rewrite->filter, &job, &why, err)) {
	case VERDICT_PUBLISHED:
		return check_output(rewrite, err);
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

/* ---- encryption ---------------------------------------------------------- */

static bool put_header(struct rewrite *rewrite, int fd,
	const struct rewrite_message *message, struct error *err)
{
	const struct account_rewrite *how = rewrite->how;
	struct buffer *header = &rewrite->encrypting;
	ssize_t n = read_piece(rewrite, fd, 0, err);

	if (n < 0)
		return false;
	/* There is room: five fields of 8,192 bytes at most. */
	bool ok = smime_header(rewrite->piece, (size_t)n, how->encrypt_subject,
			  how->cipher, header) &&
		message->put(message->data, buffer_bytes(header),
			buffer_length(header), err);

	buffer_consume(header, buffer_length(header));
	return ok;
}

static bool put_encrypted(struct rewrite *rewrite, int fd,
	struct cms_writer *writer, struct error *err)
{
	struct buffer *next = &rewrite->encrypting;
	off_t at = 0;
	ssize_t n;

	while ((n = read_piece(rewrite, fd, at, err)) > 0) {
		bool ok = smime_to_crlf(rewrite->piece, (size_t)n, next) &&
			cms_writer_write(writer, buffer_bytes(next),
				buffer_length(next), err);

		buffer_consume(next, buffer_length(next));
		if (!ok)
			return false;
		at += n;
	}
	return n == 0 && cms_writer_end(writer, err);
}

static bool encrypt(struct rewrite *rewrite, int fd,
	const struct rewrite_message *message, struct error *err)
{
	const struct cms_sink sink = {message->put, message->data};

	if (!put_header(rewrite, fd, message, err))
		return false;
	struct cms_writer *writer =
		cms_writer_new(rewrite->recipients, &sink, err);
	bool ok = writer != NULL && put_encrypted(rewrite, fd, writer, err);

	cms_writer_free(writer);
	return ok;
}

enum addition rewrite_end(struct rewrite *rewrite,
	const struct rewrite_message *message, struct error *err)
{
	int fd = rewrite->input.fd;

	if (!cut_files(rewrite, err))
		return ADDITION_FAILED;
	if (rewrite->how->filter != NULL) {
		enum addition result = run_filter(rewrite, message, err);

		if (result != ADDITION_DONE)
			return result;
		fd = rewrite->output.fd;
	}
	bool ok = rewrite->recipients != NULL
		? encrypt(rewrite, fd, message, err)
		: put_file(rewrite, fd, message, err);

	return ok ? ADDITION_DONE : ADDITION_FAILED;
}
