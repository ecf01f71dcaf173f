/* SPDX-License-Identifier: ISC */
#include "engine/marks.h"

#include "io/process/log.h"
#include "io/store/store_seen.h"

bool marks_list(struct marks *marks, struct error *err)
{
	struct mailbox *mailbox = marks->mailbox;

	if (!mailbox_open(mailbox, err) ||
		!mailbox_log_in(mailbox, false, err) ||
		!mailbox_list(mailbox, err) ||
		!session_in_step(mailbox->session, err) ||
		!maildrop_index(&mailbox->maildrop, err))
		return false;
	mailbox_leave(mailbox);
	mailbox_hang_up(mailbox);
	return true;
}

bool marks_begin(struct marks *marks, struct error *err)
{
	struct mailbox *mailbox = marks->mailbox;

	return mailbox->options->dry_run ||
		(mailbox_bind(mailbox, err) &&
			store_begin(mailbox->store, err));
}

bool marks_add(struct marks *marks, const struct store_seen *seen, bool *marked,
	struct error *err)
{
	struct mailbox *mailbox = marks->mailbox;
	bool dry = mailbox->options->dry_run;
	bool known;
	int64_t row;

	if (!store_knows(mailbox->store, seen->uid, &known, err))
		return false;
	*marked = !known;
	marks->known += known;
	marks->marked += !known;
	if (!known && dry && mailbox->options->verbose)
		marks->show(seen->uid);
	return known || dry ||
		store_record_seen(
			mailbox->store, seen, mailbox->clock.now, &row, err);
}

bool marks_commit(struct marks *marks, struct error *err)
{
	return marks->mailbox->options->dry_run ||
		store_commit(marks->mailbox->store, err);
}

int marks_end(struct marks *marks, const struct error *err)
{
	if (err->kind != ERROR_NONE)
		log_error(err);
	mailbox_close(marks->mailbox);
	return error_status(err->kind);
}
