/* SPDX-License-Identifier: ISC */
#include "engine/run.h"

#include <stdio.h>
#include <time.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/log.h"

int64_t run_now(void)
{
	return (int64_t)time(NULL);
}

void run_show_progress(struct run *run, uint64_t messages, uint64_t octets)
{
	progress_add(run->progress, messages, octets);
	if (run->options->bar)
		progress_draw(&run->bar, run->progress, 1);
}

void run_show_uid(
	struct run *run, const struct message *message, char *room, size_t size)
{
	struct uid uid = maildrop_uid(&run->maildrop, message);

	/* Without a session, it was shown to be harmless while there was one.
	 */
	if (run->session != NULL)
		uid.bytes = session_words(
			run->session, uid.bytes, uid.length, &uid.length);
	text_printable(room, size, uid.bytes, uid.length);
}

void run_note_trouble(struct run *run, size_t position, const struct error *err)
{
	run->troubles = xreallocarray(
		run->troubles, run->trouble_count + 1, sizeof run->troubles[0]);
	struct trouble *trouble = &run->troubles[run->trouble_count++];

	trouble->position = position;
	snprintf(trouble->text, sizeof trouble->text, "%s%s%s", err->text,
		err->server[0] == '\0' ? "" : ": ", err->server);
}

void run_say_once(struct run *run, enum store_saying what, const char *text)
{
	bool said = store_has_said(run->store, what);

	/* A dry run records nothing, and would say it each time. */
	log_line(said || run->options->dry_run ? LOG_MESSAGES : LOG_WARNINGS,
		"%s", text);
	if (!said)
		run->said |= what;
}

/* Refused by the server alone: the run goes on, and its status tells. */
void run_message_refused(struct run *run, const char *what, size_t position,
	const struct pop3_event *answer)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	struct error err = {.kind = ERROR_NONE};
	enum pop3_code code = pop3_response_code(answer->text, answer->length);
	size_t n;

	run_show_uid(run, message, uid, sizeof uid);
	const char *words =
		session_words(run->session, answer->text, answer->length, &n);

	error_set_server(&err, pop3_code_kind(code, ERROR_TEMPORARY), words, n,
		"the server refused to %s message %u (uid %s): it is tried "
		"again next time",
		what, message->number, uid);
	log_error(&err);
	if (!run->memories[position].quarantined &&
		run->memories[position].state == MEMORY_NONE)
		run_note_trouble(run, position, &err);
	/* The worst of them makes the exit status. */
	if (error_worse(
		    error_status(err.kind), error_status(run->refusal.kind)) !=
		error_status(run->refusal.kind))
		run->refusal = err;
	run->tally->failed++;
}

void run_say_message(
	struct run *run, size_t position, const char *what, const char *where)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	char size[32] = "";

	if (!log_shows(LOG_MESSAGES))
		return;
	run_show_uid(run, message, uid, sizeof uid);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	log_line(LOG_MESSAGES, "%s %u (uid %s%s%s)%s%s: %s", what,
		message->number, uid, size[0] == '\0' ? "" : ", ", size,
		where[0] == '\0' ? "" : " to ", where,
		plan_reason(run->plan.steps[position].reason));
}
