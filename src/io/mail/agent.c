/* SPDX-License-Identifier: ISC */
#include "io/mail/agent.h"

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
#include "io/process/command.h"
#include "io/process/digest.h"
#include "io/process/privilege.h"

/* When the command's time is up, the helper answers within this many seconds.
 */
#define ANSWER_SECONDS 30
#define CHECK_SECONDS 10
/* The largest number of a signal. */
#define SIGNAL_MAX 64
/* Of the command, in messages. */
#define SHOWN 60

/* The order of a job's values. */
enum variable {
	VARIABLE_ACCOUNT,
	VARIABLE_UID,
	VARIABLE_KEY,
	VARIABLE_SENDER,
	VARIABLES,
};

/*
 * The same for each run with a message, and different for any other one, so
 * that a command can tell that it had the message before.
 */
static void make_key(const struct agent *agent, const struct agent_job *job,
	char *key, size_t size)
{
	struct digest *digest = digest_new();
	unsigned char bytes[DIGEST_LENGTH];
	uint32_t ordinal = job->uid.ordinal;
	const unsigned char count[] = {(unsigned char)(ordinal >> 24),
		(unsigned char)(ordinal >> 16), (unsigned char)(ordinal >> 8),
		(unsigned char)ordinal};

	digest_update(digest, agent->account, strlen(agent->account) + 1);
	digest_update(digest, job->uid.bytes, job->uid.length);
	digest_update(digest, count, sizeof count);
	digest_update(digest, job->identity, LETTER_DIGEST);
	digest_finish(digest, bytes);
	digest_free(digest);
	/* Half of it suffices. */
	for (size_t i = 0; i < sizeof bytes / 2; i++)
		snprintf(key + 2 * i, size - 2 * i, "%02x", bytes[i]);
}

static enum verdict broken(
	struct agent *agent, const char *what, struct error *err)
{
	const char *why = errno == ECONNRESET || errno == EPIPE
		? "the process that runs it has ended"
		: errno == ECANCELED ? "a signal ended the run"
				     : strerror(errno);

	error_set(err, ERROR_TEMPORARY,
		"cannot %s %s: %s. The mail stays on the server, and the next run delivers it",
		what, agent->where, why);
	return VERDICT_FAILED;
}

/* Starts the command for a message. */
static bool send_job(struct agent *agent, const struct agent_job *job)
{
	struct helper_job sent;
	char *uid = uid_text(job->uid);

	memset(&sent, 0, sizeof sent);
	snprintf(sent.values[VARIABLE_ACCOUNT], HELPER_VALUE_MAX, "%s",
		agent->account);
	snprintf(sent.values[VARIABLE_UID], HELPER_VALUE_MAX, "%s", uid);
	make_key(agent, job, sent.values[VARIABLE_KEY], HELPER_VALUE_MAX);
	/* Only what is an address, and cannot be taken for an option: the
	 * command may pass it on. */
	if (lmtp_is_address(job->sender) && job->sender[0] != '-')
		snprintf(sent.values[VARIABLE_SENDER], HELPER_VALUE_MAX, "%s",
			job->sender);
	free(uid);
	return helper_send(&agent->helper, &sent, job->input, job->output);
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
static enum verdict give_up(struct agent *agent,
	const struct helper_result *result, const char *why, struct error *err)
{
	char said[330];

	last_line(result, said, sizeof said);
	error_set(err, ERROR_TEMPORARY,
		"%s %s%s: nothing more is delivered in this run, and the mail stays on the server",
		agent->where, why, said);
	return VERDICT_FAILED;
}

static enum verdict judge_status(struct agent *agent,
	const struct helper_result *result, struct error *refused,
	struct error *err)
{
	int status = WEXITSTATUS(result->status);
	char why[120];
	char said[330];

	if (status == 0)
		return VERDICT_PUBLISHED;
	/* So does a shell whose command was killed by a signal; but 255 is
	 * what some programs end with. */
	if (status > 128 && status <= 128 + SIGNAL_MAX) {
		snprintf(why, sizeof why, "was killed by signal %d",
			status - 128);
		return give_up(agent, result, why, err);
	}
	/* So does a shell if there is no such command. */
	if (status == 126 || status == 127) {
		snprintf(why, sizeof why, "cannot be run (see the setting %s)",
			agent->setting);
		give_up(agent, result, why, err);
		return VERDICT_DEFERRED;
	}
	snprintf(why, sizeof why, "ended with exit status %d%s", status,
		status_words(status));
	if (status == EX_TEMPFAIL) {
		give_up(agent, result, why, err);
		return VERDICT_DEFERRED;
	}
	last_line(result, said, sizeof said);
	error_set(
		refused, ERROR_UNAVAILABLE, "%s %s%s", agent->where, why, said);
	return VERDICT_REFUSED;
}

/* The disk, most likely. */
static enum verdict no_room(struct agent *agent, const char *what,
	const struct helper_result *result, struct error *err)
{
	error_set(err, ERROR_TEMPORARY,
		"cannot write %s to a file in the directory %s (setting state; for %s): %s. %s",
		what, agent->directory, agent->where, strerror(result->error),
		result->error == ENOSPC || result->error == EDQUOT
			? "Free some space there and run keepmail again; no mail was lost"
			: "No mail was lost");
	return VERDICT_DEFERRED;
}

/* Refuses this message because of what the command wrote. */
static enum verdict bad_output(
	struct agent *agent, const char *why, struct error *refused)
{
	error_set(refused, ERROR_UNAVAILABLE, "%s %s", agent->where, why);
	return VERDICT_REFUSED;
}

static enum verdict judge_fault(struct agent *agent,
	const struct helper_result *result, struct error *refused,
	struct error *err)
{
	char why[120];

	switch (result->fault) {
	case HELPER_INPUT:
		return no_room(agent, "the message", result, err);
	case HELPER_OUTPUT:
		if (result->error == EFBIG)
			return bad_output(agent,
				"wrote much more than a message with some lines added",
				refused);
		if (result->error == EBUSY)
			return bad_output(agent,
				"has ended, but left a process running that still has its standard output",
				refused);
		return no_room(agent, "the new text", result, err);
	case HELPER_START:
	case HELPER_NONE:
		break;
	}
	snprintf(
		why, sizeof why, "cannot be run (%s)", strerror(result->error));
	give_up(agent, result, why, err);
	return VERDICT_DEFERRED;
}

static enum verdict judge(struct agent *agent,
	const struct helper_result *result, struct error *refused,
	struct error *err)
{
	char why[120];

	if (result->killed && agent->peer.stop == NULL)
		return give_up(agent, result, "was ended by a signal", err);
	if (result->killed) {
		snprintf(why, sizeof why,
			"did not end within %d %s (%s-timeout)", agent->seconds,
			text_plural(
				(uint64_t)agent->seconds, "second", "seconds"),
			agent->setting);
		return give_up(agent, result, why, err);
	}
	if (result->fault != HELPER_NONE)
		return judge_fault(agent, result, refused, err);
	if (WIFEXITED(result->status))
		return judge_status(agent, result, refused, err);
	snprintf(why, sizeof why, "was killed by signal %d",
		WTERMSIG(result->status));
	return give_up(agent, result, why, err);
}

enum verdict agent_run(struct agent *agent, const struct agent_job *job,
	struct error *why, struct error *err)
{
	struct helper_result result;
	size_t received = 0;

	if (!send_job(agent, job))
		return broken(agent, "start", err);
	peer_expect(&agent->peer, agent->seconds + ANSWER_SECONDS);
	while (received < sizeof result) {
		ssize_t n = peer_receive(&agent->peer,
			(char *)&result + received, sizeof result - received);

		/* The command may still end as it should. */
		if (n < 0 && errno == ECANCELED && agent->peer.stop != NULL) {
			agent->peer.stop = NULL;
			helper_hurry(&agent->helper);
			peer_expect(
				&agent->peer, agent->seconds + ANSWER_SECONDS);
			continue;
		}
		if (n < 0)
			return broken(agent, "wait for", err);
		received += (size_t)n;
	}
	return judge(agent, &result, why, err);
}

void agent_init(struct agent *agent)
{
	*agent = (struct agent){.helper.fd = -1, .peer.fd = -1};
}

char *agent_words(const struct agent_command *command)
{
	return xasprintf("the %s '%.*s%s'",
		strcmp(command->setting, "pipe") == 0 ? "command"
						      : command->setting,
		SHOWN, command->line,
		strlen(command->line) > SHOWN ? "..." : "");
}

bool agent_open(struct agent *agent, const struct agent_command *command,
	const struct destination_opening *opening, struct error *err)
{
	const struct helper_setup setup = {
		.line = command->line,
		.clean = privilege_has_changed(),
		.seconds = command->seconds,
		.directory = opening->spool_directory,
		.forget = opening->forget,
		.forget_data = opening->forget_data,
		.names = {"KEEPMAIL_ACCOUNT", "KEEPMAIL_UID", "KEEPMAIL_KEY",
			"KEEPMAIL_SENDER"},
		.count = VARIABLES,
	};

	agent->peer.stop = opening->stop;
	agent->setting = command->setting;
	agent->seconds = (int)command->seconds;
	agent->account = xstrdup(opening->account);
	agent->directory = opening->spool_directory;
	agent->where = agent_words(command);
	bool ok = agent_check(command->setting, command->line, err) &&
		helper_start(&agent->helper, &setup, err);

	agent->peer.fd = agent->helper.fd;
	return ok;
}

void agent_close(struct agent *agent)
{
	helper_close(&agent->helper);
	free(agent->account);
	free(agent->where);
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

bool agent_check(const char *setting, const char *command, struct error *err)
{
	char *word = first_word(command);
	int answer = ask_shell(command, word);

	if (answer == 1)
		error_set(err, ERROR_CREATE,
			"the command %s of the setting %s was not found. Nothing was fetched",
			word, setting);
	else if (answer != 0)
		error_set(err, ERROR_CREATE,
			"/bin/sh does not understand the setting %s: try the command in a shell. Nothing was fetched",
			setting);
	free(word);
	return answer == 0;
}
