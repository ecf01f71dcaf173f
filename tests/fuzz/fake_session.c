/* SPDX-License-Identifier: ISC */
/* io/session.h over a string: the server's output is known in advance. */
#include <string.h>

#include "engine/dial.h"
#include "engine/mailbox.h"
#include "fakes.h"

static struct session the_session;

struct session *fake_session(
	const char *wire, size_t size, size_t window, uint32_t cuts, bool hasty)
{
	struct session *session = &the_session;

	pipeline_init(&session->pipeline, window);
	session->capabilities = (struct pop3_capabilities){
		.known = true, .uidl = true, .pipelining = window > 1};
	session->wire = wire;
	session->size = size;
	session->at = 0;
	session->block = NULL;
	session->start = 0;
	session->end = 0;
	session->cuts = cuts;
	session->hasty = hasty;
	session->served = false;
	session->prompt = false;
	session->command_count = 0;
	return session;
}

void fake_session_serve(struct session *session, bool prompt)
{
	session->served = true;
	session->prompt = prompt;
	session->wire = fake_server_wire();
}

void fake_session_end(struct session *session)
{
	pipeline_release(&session->pipeline);
	free(session->block);
	session->block = NULL;
}

void session_close(struct session *session)
{
	if (session != NULL)
		fake_session_end(session);
}

const struct pop3_capabilities *session_capabilities(
	const struct session *session)
{
	return &session->capabilities;
}

size_t session_room(const struct session *session)
{
	return pipeline_room(&session->pipeline);
}

bool session_pipelines(const struct session *session)
{
	return session->pipeline.window > 1;
}

void session_narrow(struct session *session, size_t window)
{
	(void)session;
	(void)window;
}

void session_forgo_pipelining(struct session *session)
{
	session->pipeline.window = 1;
}

static void note_command(
	struct session *session, enum pop3_answer answer, const char *text)
{
	struct fake_command *command =
		&session->commands[session->command_count++];
	const char *blank = strchr(text, ' ');

	PROMISE(session->command_count < FAKE_COMMANDS_MAX);
	command->answer = answer;
	command->verb = text[0];
	command->number = 0;
	if (blank != NULL)
		command->number = (uint32_t)strtoul(blank + 1, NULL, 10);
}

bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err)
{
	if (session->pipeline.count == 0 && !session_in_step(session, err))
		return false;
	if (strncmp(command, "DELE ", 5) == 0)
		fake_on_dele((uint32_t)strtoul(command + 5, NULL, 10));
	/* The caller must not exceed the window. */
	PROMISE(pipeline_room(&session->pipeline) > 0);
	PROMISE(pipeline_push(&session->pipeline, answer, tag, command));
	note_command(session, answer, command);
	if (session->served)
		session->size = fake_server_take(command);
	return true;
}

/* The next block is new memory, so that no old text is still borrowed. */
static bool receive(struct session *session, struct error *err)
{
	size_t left = session->size - session->at;

	buffer_consume(
		&session->pipeline.out, buffer_length(&session->pipeline.out));
	if (left == 0)
		return error_set(err, ERROR_TEMPORARY,
			"the connection was lost: the server closed it");
	size_t n = fuzz_block(&session->cuts, left);

	free(session->block);
	session->block = malloc(n);
	PROMISE(session->block != NULL);
	memcpy(session->block, session->wire + session->at, n);
	session->at += n;
	session->start = 0;
	session->end = n;
	return true;
}

/*
 * All commands are answered. The rest of the block comes later, when something
 * is asked for; or it is here now, although nothing was.
 */
static void settle(struct session *session)
{
	size_t rest = session->end - session->start;

	if (session->pipeline.count > 0 || rest == 0 || session->prompt ||
		(session->hasty && session->cuts >> 28 == 0))
		return;
	session->at -= rest;
	session->end = session->start;
}

bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err)
{
	/* Without a pending command, no answer would ever come. */
	PROMISE(session->pipeline.count > 0);
	for (;;) {
		char *rest = session->end > session->start
			? session->block + session->start
			: NULL;

		session->start += pipeline_feed(&session->pipeline, rest,
			session->end - session->start, event);
		PROMISE(session->pipeline.parser.line.size <=
			2 * POP3_LISTED_MAX);
		PROMISE(session->pipeline.out.size <= 128 * 1024);
		if (event->answer.type == POP3_BROKEN)
			return error_set_server(err, ERROR_PROTOCOL,
				event->answer.said, event->answer.said_length,
				"the server does not speak POP3: %s",
				event->answer.text);
		if (event->answer.type != POP3_MORE) {
			settle(session);
			return true;
		}
		if (!receive(session, err))
			return false;
	}
}

bool session_in_step(struct session *session, struct error *err)
{
	if (session->start == session->end && session->prompt &&
		session->at < session->size && !receive(session, err))
		return false;
	if (session->start < session->end)
		return error_set_server(err, ERROR_PROTOCOL,
			session->block + session->start,
			session->end - session->start,
			"the server sent data without being asked");
	return true;
}

void session_leave(struct session *session)
{
	struct error err = {.kind = ERROR_NONE};

	session_push(session, POP3_SINGLE, 0, "QUIT", &err);
}

const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown)
{
	(void)session;
	*shown = length;
	return words;
}

/* No process is started. */
void mailbox_forget_password(struct mailbox *mailbox)
{
	(void)mailbox;
}

struct destination_opening dial_opening(
	struct dialler *dialler, const struct account_destination *destination)
{
	return (struct destination_opening){.destination = destination,
		.spool_directory = dialler->account->state};
}
