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
#include "io/mail/fingerprint.h"
#include "io/mail/spool.h"
#include "io/process/cms.h"

#define PIECE (64 * 1024)

struct rewrite {
	const struct account_rewrite *how; /* borrowed */
	const char *directory;		   /* of the spool files; borrowed */
	struct agent filter;
	struct spool input;		   /* the message */
	struct spool output;		   /* what the filter wrote */
	struct fingerprint returned;	   /* of what the filter wrote */
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
	recipients = cms_recipients_read(how->encrypt, err);
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
	rewrite->recipients = cms_recipients_read(rewrite->how->encrypt, err);
	return rewrite->recipients != NULL;
}

struct rewrite *rewrite_open(
	const struct destination_opening *opening, struct error *err)
{
	struct rewrite *rewrite = xmalloc(sizeof *rewrite);

	rewrite->how = &opening->destination->rewrite;
	rewrite->directory = opening->spool_directory;
	rewrite->input = rewrite->output = (struct spool){.fd = -1};
	rewrite->recipients = NULL;
	fingerprint_init(&rewrite->returned);
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
	fingerprint_release(&rewrite->returned);
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
		"cannot write to a file in the directory %s (setting state; for %s): %s. %s",
		rewrite->directory, rewrite_words(rewrite), strerror(errno),
		errno == ENOSPC || errno == EDQUOT
			? "Free some space there and run keepmail again; no mail was lost"
			: "No mail was lost");
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

/* ---- reading the text -----------------------------------------------------
 */

/* A message that is read in pieces. */
struct source {
	int fd;
	off_t at;
	bool mend; /* a command wrote it, and its lines are put right */
	bool crlf; /* its lines end in CRLF */
	char last; /* byte of it that was read */
};

/* Reads a piece. Returns its length, 0 at the end; -1: failed. */
static ssize_t read_piece(
	struct rewrite *rewrite, const struct source *source, struct error *err)
{
	ssize_t n;

	do
		n = pread(source->fd, rewrite->piece, sizeof rewrite->piece,
			source->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		error_set(err, ERROR_TEMPORARY,
			"cannot read a file in the directory %s (setting state; for %s): %s. No mail was lost",
			rewrite->directory, rewrite_words(rewrite),
			strerror(errno));
	return n;
}

/* Does the message begin as each message in an mbox does? */
static bool has_from_line(const char *text, size_t length)
{
	return length > 5 && memcmp(text, "From ", 5) == 0;
}

/*
 * What a command wrote may begin with a From_ line (formail adds one), and its
 * lines may end in CRLF.
 */
static bool look_at_start(
	struct rewrite *rewrite, struct source *source, struct error *err)
{
	char start[6];
	ssize_t had = pread(rewrite->input.fd, start, sizeof start, 0);
	ssize_t n = read_piece(rewrite, source, err);
	const char *text = rewrite->piece;
	const char *line = n <= 0 ? NULL : memchr(text, '\n', (size_t)n);

	source->crlf = line != NULL && line > text && line[-1] == '\r';
	if (line != NULL && had >= 0 && has_from_line(text, (size_t)n) &&
		!has_from_line(start, (size_t)had))
		source->at = line + 1 - text;
	return n >= 0;
}

/* Makes lines that end in CRLF end in LF. Returns the new length. */
static size_t mend(
	struct rewrite *rewrite, struct source *source, size_t length)
{
	/* The LF may be in the next piece. */
	if (source->crlf && length > 1 && rewrite->piece[length - 1] == '\r') {
		length--;
		source->at--;
	}
	return source->crlf ? smime_from_crlf(rewrite->piece, length) : length;
}

/* Passes each piece of the message to take. */
static bool read_all(struct rewrite *rewrite, struct source *source,
	bool (*take)(
		void *data, const char *text, size_t length, struct error *err),
	void *data, struct error *err)
{
	ssize_t n;

	if (source->mend && !look_at_start(rewrite, source, err))
		return false;
	while ((n = read_piece(rewrite, source, err)) > 0) {
		size_t length = (size_t)n;

		source->at += n;
		if (source->mend)
			length = mend(rewrite, source, length);
		source->last = rewrite->piece[length - 1];
		if (source->mend)
			fingerprint_feed(
				&rewrite->returned, rewrite->piece, length);
		if (!take(data, rewrite->piece, length, err))
			return false;
	}
	/* A message consists of lines. */
	if (n == 0 && source->mend && source->last != '\n')
		return take(data, "\n", 1, err);
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

static bool lacks(
	const struct rewrite *rewrite, const char *what, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
		"what %s returned is not the same message: it %s",
		rewrite_words(rewrite), what);
}

/*
 * Is it plausible that the filter returned the same message? A command can end
 * with status 0 although a part of it failed.
 */
static bool is_the_same(struct rewrite *rewrite, const struct fingerprint *came,
	struct error *err)
{
	const struct fingerprint *returned = &rewrite->returned;
	const struct header *before = &came->header;
	const struct header *after = &returned->header;
	struct letter_text unused;

	fingerprint_end(&rewrite->returned, &unused);
	if (before->message_id[0] != '\0' &&
		strcmp(before->message_id, after->message_id) != 0)
		return lacks(rewrite, "does not have its Message-ID", err);
	if (before->has_id && !after->has_id)
		return lacks(rewrite, "has no Message-ID", err);
	if (before->has_date && !after->has_date)
		return lacks(rewrite, "has no Date", err);
	if (came->octets > before->octets && returned->octets <= after->octets)
		return lacks(rewrite, "has no text behind its header", err);
	return true;
}

/* Did it write anything? */
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
		.sender = message->came->header.return_path,
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

struct encryption {
	struct rewrite *rewrite;
	const struct rewrite_message *message;
	enum encrypt_cipher cipher;
	struct cms_writer *writer;
	bool begun; /* the header was put */
};

/* text: the beginning of the message. */
static bool put_header(struct encryption *encryption, const char *text,
	size_t length, struct error *err)
{
	const struct rewrite_message *message = encryption->message;
	struct buffer *header = &encryption->rewrite->encrypting;
	const struct smime_message readable = {
		.text = text,
		.length = length,
		.message_id = message->came->header.message_id,
		.hide = encryption->rewrite->how->encrypt_subject,
		.cipher = encryption->cipher,
	};
	/* There is room: four fields of 8,192 bytes at most. */
	bool ok = smime_header(&readable, header) &&
		message->put(message->data, buffer_bytes(header),
			buffer_length(header), err);

	buffer_consume(header, buffer_length(header));
	encryption->begun = true;
	return ok;
}

static bool encrypt_piece(
	void *data, const char *text, size_t length, struct error *err)
{
	struct encryption *encryption = data;
	struct buffer *next = &encryption->rewrite->encrypting;

	if (!encryption->begun && !put_header(encryption, text, length, err))
		return false;
	bool ok = smime_to_crlf(text, length, next) &&
		cms_writer_write(encryption->writer, buffer_bytes(next),
			buffer_length(next), err);

	buffer_consume(next, buffer_length(next));
	return ok;
}

static bool encrypt(struct rewrite *rewrite, struct source *source,
	const struct rewrite_message *message, struct error *err)
{
	const struct cms_sink sink = {message->put, message->data};
	struct encryption encryption = {.rewrite = rewrite,
		.message = message,
		.cipher = rewrite->how->cipher};

	if (lseek(source->fd, 0, SEEK_END) == 0)
		encryption.cipher = ENCRYPT_AES_256_CBC;
	encryption.writer = cms_writer_new(
		rewrite->recipients, encryption.cipher, &sink, err);
	bool ok = encryption.writer != NULL &&
		read_all(rewrite, source, encrypt_piece, &encryption, err) &&
		/* An empty message, too, has a header. */
		(encryption.begun || encrypt_piece(&encryption, "", 0, err)) &&
		cms_writer_end(encryption.writer, err);

	cms_writer_free(encryption.writer);
	return ok;
}

enum addition rewrite_end(struct rewrite *rewrite,
	const struct rewrite_message *message, struct error *err)
{
	struct source source = {.fd = rewrite->input.fd, .last = '\n'};

	if (!cut_files(rewrite, err))
		return ADDITION_FAILED;
	if (rewrite->how->filter != NULL) {
		enum addition result = run_filter(rewrite, message, err);

		if (result != ADDITION_DONE)
			return result;
		source.fd = rewrite->output.fd;
		source.mend = true;
		fingerprint_begin(&rewrite->returned);
	}
	bool ok = rewrite->recipients != NULL
		? encrypt(rewrite, &source, message, err)
		: read_all(rewrite, &source, message->put, message->data, err);

	if (ok && source.mend && !is_the_same(rewrite, message->came, err))
		return ADDITION_REFUSED;
	if (ok)
		return ADDITION_DONE;
	/* OpenSSL: other messages may do. */
	return err->kind == ERROR_SOFTWARE ? ADDITION_REFUSED : ADDITION_FAILED;
}
