/* SPDX-License-Identifier: ISC */
#include "io/mail/pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "core/lmtp.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "core/xalloc.h"
#include "io/mail/outbox.h"
#include "io/mail/peer.h"
#include "io/process/command.h"
#include "io/process/digest.h"
#include "io/process/helper.h"
#include "io/process/privilege.h"

/* When the command's time is up, the helper answers within this many seconds.
 */
#define ANSWER_SECONDS 30
#define CHECK_SECONDS 10
#define PIECE (64 * 1024)
/* The largest number of a signal. */
#define SIGNAL_MAX 64
/* Of the command, in messages. */
#define SHOWN 60

struct mda {
	struct outbox outbox;
	struct helper helper;
	struct peer peer;   /* the helper's socket, which peer closes */
	char *account;	    /* owned; its name */
	int seconds;	    /* that the command may take for a message */
	struct spool input; /* the message that the command reads */
	char piece[PIECE];
};

/* The order of a job's values. */
enum variable {
	VARIABLE_ACCOUNT,
	VARIABLE_UID,
	VARIABLE_KEY,
	VARIABLE_SENDER,
	VARIABLES,
};

static struct mda *mda_of(struct outbox *outbox)
{
	return (struct mda *)outbox;
}

/*
 * The same for each delivery of a message, and different for any other one, so
 * that a command can tell that it had the message before.
 */
static void make_key(const struct mda *mda, const struct spooled *one,
	char *key, size_t size)
{
	struct digest *digest = digest_new();
	unsigned char bytes[DIGEST_LENGTH];
	uint32_t ordinal = one->uid.ordinal;
	const unsigned char count[] = {(unsigned char)(ordinal >> 24),
		(unsigned char)(ordinal >> 16), (unsigned char)(ordinal >> 8),
		(unsigned char)ordinal};

	digest_update(digest, mda->account, strlen(mda->account) + 1);
	digest_update(digest, one->uid.bytes, one->uid.length);
	digest_update(digest, count, sizeof count);
	digest_update(digest, one->identity, sizeof one->identity);
	digest_finish(digest, bytes);
	digest_free(digest);
	/* Half of it suffices. */
	for (size_t i = 0; i < sizeof bytes / 2; i++)
		snprintf(key + 2 * i, size - 2 * i, "%02x", bytes[i]);
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

static bool broken(struct mda *mda, const char *what, struct error *err)
{
	const char *why = errno == ECONNRESET || errno == EPIPE
		? "the process that runs it has ended"
		: errno == ECANCELED ? "a signal ended the run"
				     : strerror(errno);

	return error_set(err, ERROR_TEMPORARY,
		"cannot %s %s: %s. The mail stays on the server, and the next run delivers it",
		what, mda->outbox.where, why);
}

/* Starts the command for a message. */
static bool send_job(
	struct mda *mda, const struct spooled *one, struct error *err)
{
	struct helper_job job;
	char *uid = uid_text(one->uid);

	memset(&job, 0, sizeof job);
	snprintf(job.values[VARIABLE_ACCOUNT], HELPER_VALUE_MAX, "%s",
		mda->account);
	snprintf(job.values[VARIABLE_UID], HELPER_VALUE_MAX, "%s", uid);
	make_key(mda, one, job.values[VARIABLE_KEY], HELPER_VALUE_MAX);
	/* Only what is an address, and cannot be taken for an option: the
	 * command may pass it on. */
	if (lmtp_is_address(one->from) && one->from[0] != '-')
		snprintf(job.values[VARIABLE_SENDER], HELPER_VALUE_MAX, "%s",
			one->from);
	free(uid);
	if (!copy_message(mda, one))
		return error_set(err, ERROR_TEMPORARY,
			"cannot write to the spool file in the state directory for %s: %s. The mail stays on the server",
			mda->outbox.where, strerror(errno));
	return helper_send(&mda->helper, &job, mda->input.fd) ||
		broken(mda, "start", err);
}

/* What an exit status of sysexits.h says. */
static const char *status_words(int status)
{
	switch (status) {
	case EX_USAGE:
		return " (wrong usage)";
	case EX_DATAERR:
		return " (malformed message)";
	case EX_NOUSER:
		return " (no such user)";
	case EX_UNAVAILABLE:
		return " (unavailable)";
	case EX_SOFTWARE:
		return " (internal error)";
	case EX_OSERR:
	case EX_OSFILE:
		return " (system error)";
	case EX_CANTCREAT:
		return " (it cannot create a file)";
	case EX_IOERR:
		return " (input or output error)";
	case EX_TEMPFAIL:
		return " (temporary failure)";
	case EX_NOPERM:
		return " (not permitted)";
	case EX_CONFIG:
		return " (wrong configuration)";
	default:
		return "";
	}
}

/* Writes the last line that the command printed, with text before it; or "". */
static void last_line(
	const struct helper_result *result, char *said, size_t size)
{
	const char *output = result->output;
	char line[300];
	size_t end = result->length;
	size_t start;

	while (end > 0 && (output[end - 1] == '\n' || output[end - 1] == '\r'))
		end--;
	for (start = end; start > 0 && output[start - 1] != '\n'; start--)
		;
	text_printable(line, sizeof line, output + start, end - start);
	snprintf(said, size, "%s%s%s", end > start ? " and printed \"" : "",
		line, end > start ? "\"" : "");
}

/* Fails with what the command printed last: nothing more is delivered. */
static bool give_up(struct mda *mda, const struct helper_result *result,
	const char *why, struct error *err)
{
	char said[330];

	last_line(result, said, sizeof said);
	return error_set(err, ERROR_TEMPORARY,
		"%s %s%s: nothing more is delivered in this run, and the mail stays on the server",
		mda->outbox.where, why, said);
}

static bool judge_status(struct mda *mda, const struct helper_result *result,
	struct confirmation *answer, struct error *err)
{
	int status = WEXITSTATUS(result->status);
	char why[120];
	char said[330];

	if (status == 0) {
		answer->verdict = VERDICT_PUBLISHED;
		return true;
	}
	/* So does a shell whose command was killed by a signal; but 255 is
	 * what some programs end with. */
	if (status > 128 && status <= 128 + SIGNAL_MAX) {
		snprintf(why, sizeof why, "was killed by signal %d",
			status - 128);
		return give_up(mda, result, why, err);
	}
	snprintf(why, sizeof why, "ended with exit status %d%s", status,
		status_words(status));
	/* So does a shell if there is no such command. */
	answer->verdict = VERDICT_DEFERRED;
	if (status == 126 || status == 127)
		return give_up(mda, result,
			"cannot be run (see the setting pipe)", err);
	if (status == EX_TEMPFAIL)
		return give_up(mda, result, why, err);
	answer->verdict = VERDICT_REFUSED;
	last_line(result, said, sizeof said);
	error_set(&answer->why, ERROR_UNAVAILABLE, "%s %s%s", mda->outbox.where,
		why, said);
	return true;
}

static bool judge(struct mda *mda, const struct helper_result *result,
	struct confirmation *answer, struct error *err)
{
	char why[120];

	if (result->error != 0) {
		answer->verdict = VERDICT_DEFERRED;
		snprintf(why, sizeof why, "cannot be run (%s)",
			strerror(result->error));
		return give_up(mda, result, why, err);
	}
	if (result->killed && mda->peer.stop == NULL)
		return give_up(mda, result, "was ended by a signal", err);
	if (result->killed) {
		snprintf(why, sizeof why,
			"did not end within %d seconds (pipe-timeout)",
			mda->seconds);
		return give_up(mda, result, why, err);
	}
	if (WIFEXITED(result->status))
		return judge_status(mda, result, answer, err);
	snprintf(why, sizeof why, "was killed by signal %d",
		WTERMSIG(result->status));
	return give_up(mda, result, why, err);
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct mda *mda = mda_of(outbox);
	struct helper_result result;
	size_t received = 0;

	if (!send_job(mda, &outbox->closed.at[i], err))
		return false;
	peer_expect(&mda->peer, mda->seconds + ANSWER_SECONDS);
	while (received < sizeof result) {
		ssize_t n = peer_receive(&mda->peer, (char *)&result + received,
			sizeof result - received);

		/* The command may still end as it should. */
		if (n < 0 && errno == ECANCELED && mda->peer.stop != NULL) {
			mda->peer.stop = NULL;
			helper_hurry(&mda->helper);
			peer_expect(&mda->peer, mda->seconds + ANSWER_SECONDS);
			continue;
		}
		if (n < 0)
			return broken(mda, "wait for", err);
		received += (size_t)n;
	}
	return judge(mda, &result, answer, err);
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

	helper_close(&mda->helper);
	free(mda->account);
	spool_close(&mda->input);
}

static const struct outbox_ops kind = {
	.close = close_pipe, .deliver = deliver, .stay = stay};

static struct destination *open_pipe(
	const struct destination_opening *opening, struct error *err)
{
	const char *line = opening->destination->path;
	struct mda *mda = xcalloc(1, sizeof *mda);
	const struct helper_setup setup = {
		.line = line,
		.clean = privilege_has_changed(),
		.seconds = opening->destination->pipe_timeout,
		.directory = opening->spool_directory,
		.forget = opening->forget,
		.forget_data = opening->forget_data,
		.names = {"KEEPMAIL_ACCOUNT", "KEEPMAIL_UID", "KEEPMAIL_KEY",
			"KEEPMAIL_SENDER"},
		.count = VARIABLES,
	};
	bool there;

	mda->outbox.destination.ops = &pipe_ops;
	mda->outbox.stop = mda->peer.stop = opening->stop;
	mda->helper.fd = -1;
	mda->seconds = (int)opening->destination->pipe_timeout;
	mda->account = xstrdup(opening->account);
	mda->input.fd = -1;
	outbox_init(&mda->outbox, &kind,
		xasprintf("the command '%.*s%s'", SHOWN, line,
			strlen(line) > SHOWN ? "..." : ""));
	bool ok = pipe_check(line, &there, err) &&
		outbox_open_spool(
			&mda->outbox, opening->spool_directory, err) &&
		spool_open(&mda->input, opening->spool_directory, err) &&
		helper_start(&mda->helper, &setup, err);

	mda->peer.fd = mda->helper.fd;
	if (ok)
		return &mda->outbox.destination;
	outbox_close(&mda->outbox.destination);
	return NULL;
}

/*
 * The first word of the command in new memory; or NULL, if that is not simply a
 * name.
 */
static char *first_word(const char *command)
{
	size_t blank = strspn(command, " \t");
	size_t length = strcspn(command + blank, " \t");
	char *word = xasprintf("%.*s", (int)length, command + blank);

	if (strpbrk(word, "\"'\\$`=;&|()<>{}~*?[#!\n") == NULL && length > 0)
		return word;
	free(word);
	return NULL;
}

/* Only a shell knows what its commands are, and whether it understands one. */
static int ask_shell(const char *command, const char *word)
{
	struct patience wait = patience_begin(CHECK_SECONDS, NULL);
	const struct command_variable variables[] = {
		{"KEEPMAIL_COMMAND", command},
		{"KEEPMAIL_WORD", word == NULL ? ":" : word},
	};
	const struct command_plan plan = {
		.line = "sh -n -c \"$KEEPMAIL_COMMAND\" || exit 2; "
			"command -v \"$KEEPMAIL_WORD\" >/dev/null || exit 1",
		.clean = privilege_has_changed(),
		.reads_errors = true,
		.variables = variables,
		.variable_count = 2,
	};
	struct command shell;
	char unused[256];

	if (!command_start(&shell, &plan))
		return 0;
	command_read(&shell, unused, sizeof unused, COMMAND_REST_LAST, &wait);
	return command_end(&shell, &wait, 0) && WIFEXITED(shell.status)
		? WEXITSTATUS(shell.status)
		: 0;
}

bool pipe_check(const char *command, bool *there, struct error *err)
{
	char *word = first_word(command);
	int answer = ask_shell(command, word);

	*there = answer == 0;
	if (answer == 1)
		error_set(err, ERROR_CREATE,
			"the command %s of the setting pipe was not found. Nothing was fetched",
			word);
	else if (answer != 0)
		error_set(err, ERROR_CREATE,
			"/bin/sh does not understand the setting pipe: try the command in a shell. Nothing was fetched");
	free(word);
	return *there;
}

const struct destination_ops pipe_ops = {
	.open = open_pipe,
	OUTBOX_OPS,
	.end = outbox_end,
	.recover = outbox_recover,
};
