/* SPDX-License-Identifier: ISC */
/* Messages about an open mailbox and its contents. */
#include <string.h>

#include "core/text.h"
#include "engine/mailbox.h"
#include "io/process/log.h"
#include "io/store/store_mailbox.h"

void mailbox_progress(
	struct mailbox *mailbox, uint64_t messages, uint64_t octets)
{
	progress_add(mailbox->progress, messages, octets);
	if (mailbox->options->bar)
		progress_draw(&mailbox->bar, mailbox->progress, 1);
}

void mailbox_refuse(struct mailbox *mailbox, const struct error *err)
{
	int known = error_status(mailbox->refusal.kind);

	if (error_worse(error_status(err->kind), known) != known)
		mailbox->refusal = *err;
}

void mailbox_say_once(
	struct mailbox *mailbox, enum store_saying what, const char *text)
{
	bool said = store_has_said(mailbox->store, what);

	/* A dry run does not record it, and would otherwise say it each
	 * time. */
	log_line(
		said || mailbox->options->dry_run ? LOG_MESSAGES : LOG_WARNINGS,
		"%s", text);
	if (!said)
		mailbox->said |= what;
}

void mailbox_show_uid(struct mailbox *mailbox, const struct message *message,
	char *room, size_t size)
{
	struct uid uid = maildrop_uid(&mailbox->maildrop, message);

	/* Without a session: the uid was checked while there was one. */
	if (mailbox->session != NULL)
		uid.bytes = session_words(
			mailbox->session, uid.bytes, uid.length, &uid.length);
	text_printable(room, size, uid.bytes, uid.length);
}

void mailbox_say_refused(
	struct mailbox *mailbox, size_t position, const struct error *why)
{
	const struct message *message = &mailbox->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	struct error err = {.kind = ERROR_NONE};

	mailbox_show_uid(mailbox, message, uid, sizeof uid);
	error_set_server(&err, why->kind, why->server, strlen(why->server),
		"message %u (uid %s) was not delivered, and stays on the server: %s",
		message->number, uid, why->text);
	log_error(&err);
	mailbox_refuse(mailbox, &err);
}

void mailbox_say_message(struct mailbox *mailbox, size_t position,
	const struct step *step, const char *what, const char *where)
{
	const struct message *message = &mailbox->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	char why[PLAN_WHY_MAX];
	char size[32] = "";

	if (!log_shows(LOG_MESSAGES))
		return;
	mailbox_show_uid(mailbox, message, uid, sizeof uid);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	log_line(LOG_MESSAGES, "%s %u (uid %s%s%s)%s%s: %s", what,
		message->number, uid, size[0] == '\0' ? "" : ", ", size,
		where[0] == '\0' ? "" : " ", where, plan_why(why, step));
}
