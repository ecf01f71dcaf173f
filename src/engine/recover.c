/* SPDX-License-Identifier: ISC */
#include "engine/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "engine/dial.h"
#include "engine/moved.h"
#include "io/mail/delivery.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_copy.h"
#include "io/store/store_message.h"

/* Resolves the arriving rows of one place: which of the messages are there? */
static bool recover_place(struct mailbox *mailbox,
	const struct store_arriving *rows, size_t count, struct error *err)
{
	struct account_destination destination = mailbox->account->destination;

	destination.kind = rows[0].kind;
	destination.path = rows[0].path;
	struct dialler dialler = {mailbox->account, mailbox->options->stop};
	struct destination_opening opening =
		dial_opening(&dialler, &destination);
	const struct store_place place = {rows[0].kind, rows[0].path};
	char last[LETTER_NAME_MAX];

	/* Files are looked for by their names. */
	if (!account_is_place(rows[0].kind)) {
		if (!store_last_name(mailbox->store, &place, last, err))
			return false;
		opening.last = last;
	}
	struct delivery *delivery = delivery_open(&opening, err);
	struct letter *letters = xcalloc(count, sizeof letters[0]);
	bool *arrived = xcalloc(count, sizeof arrived[0]);
	struct moved moved = {rows[0].path, letters, count, arrived};
	size_t kept = 0;
	bool ok = delivery != NULL;

	for (size_t i = 0; i < count; i++)
		letters[i] = rows[i].letter;
	ok = ok && delivery_recover(delivery, letters, count, arrived, err) &&
		(!account_is_place(rows[0].kind) ||
			moved_find(mailbox, &moved, err)) &&
		store_begin(mailbox->store, err);
	for (size_t i = 0; ok && i < count; i++) {
		kept += arrived[i];
		ok = arrived[i] ? store_record_kept(mailbox->store, rows[i].row,
					  clock_kept_since(&mailbox->clock,
						  now_seconds()),
					  err) &&
				store_record_filed(mailbox->store, rows[i].row,
					&letters[i], err)
				: store_forget_arriving(
					  mailbox->store, rows[i].row, err);
	}
	ok = ok && store_commit(mailbox->store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was interrupted while storing %zu %s: %zu recovered, %zu will be fetched again",
			count, text_plural(count, "message", "messages"), kept,
			count - kept);
	free(arrived);
	free(letters);
	delivery_close(delivery);
	return ok;
}

/* Is there a row of which the destination can be asked whether it has it? */
static bool is_any_sought(const struct store_arriving *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].handed == NULL && rows[i].sought[0] != '\0')
			return true;
	}
	return false;
}

/*
 * Asks the destination that mail is handed over to which of the messages it
 * has, if it can be asked. Those that it confirmed are among them: what it has
 * of one of these is not another's.
 */
static bool ask_onward(struct mailbox *mailbox,
	const struct store_arriving *rows, size_t count, bool *handed,
	struct error *err)
{
	const struct account_onward onward = account_onward(mailbox->account);
	struct account_destination to = mailbox->account->destination;
	struct dialler dialler = {mailbox->account, mailbox->options->stop};
	struct destination_opening opening = dial_opening(&dialler, &to);
	char last[LETTER_NAME_MAX];

	to.kind = onward.kind;
	to.path = onward.path;
	if (!destination_traits(to.kind)->recovers ||
		!is_any_sought(rows, count))
		return true;
	if (!store_last_name(mailbox->store, NULL, last, err))
		return false;
	opening.last = last;
	struct delivery *delivery = delivery_open(&opening, err);
	struct letter *letters = xcalloc(count, sizeof letters[0]);
	bool ok = delivery != NULL;

	for (size_t i = 0; i < count; i++) {
		const struct store_arriving *row = &rows[i];

		letters[i] = row->letter;
		snprintf(letters[i].name, sizeof letters[i].name, "%s",
			row->handed != NULL ? row->handed : row->sought);
	}
	ok = ok && delivery_recover(delivery, letters, count, handed, err);
	for (size_t i = 0; i < count; i++)
		handed[i] = handed[i] || rows[i].handed != NULL;
	free(letters);
	delivery_close(delivery);
	return ok;
}

/*
 * Resolves rows of messages that were being handed over, and not stored yet.
 * They are fetched again; those that were taken are only stored then.
 */
static bool recover_onward(struct mailbox *mailbox,
	const struct store_arriving *rows, size_t count, struct error *err)
{
	bool *handed = xcalloc(count, sizeof handed[0]);
	struct store *store = mailbox->store;
	size_t taken = 0;

	for (size_t i = 0; i < count; i++)
		handed[i] = rows[i].handed != NULL;
	bool ok = ask_onward(mailbox, rows, count, handed, err) &&
		store_begin(store, err);

	for (size_t i = 0; ok && i < count; i++) {
		taken += handed[i];
		ok = (rows[i].handed != NULL || !handed[i] ||
			     store_record_handed(
				     store, rows[i].row, "", err)) &&
			store_forget_arriving(store, rows[i].row, err);
	}
	ok = ok && store_commit(store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was interrupted while handing over %zu %s: %zu confirmed, %zu not confirmed. All will be fetched again; what was confirmed is only stored here%s",
			count, text_plural(count, "message", "messages"), taken,
			count - taken,
			taken == count
				? ""
				: ", and one of the others may have been delivered already");
	free(handed);
	return ok;
}

/*
 * Resolves rows of a destination that confirms: what it confirmed was recorded
 * at once, so these messages were not delivered, except perhaps one.
 */
static bool recover_handed_over(struct mailbox *mailbox,
	const struct store_arriving *rows, size_t count, struct error *err)
{
	bool ok = store_begin(mailbox->store, err);

	for (size_t i = 0; ok && i < count; i++)
		ok = store_forget_arriving(mailbox->store, rows[i].row, err);
	ok = ok && store_commit(mailbox->store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was interrupted: %zu %s not confirmed by %s and will be fetched again. %s may have been delivered already",
			count,
			text_plural(count, "message was", "messages were"),
			rows[0].path,
			count == 1 ? "It"
				: destination_traits(rows[0].kind)->recovers
				? "Some of them"
				: "One of them");
	return ok;
}

/* Can what was handed over be asked for? Not with another account's login. */
static bool can_ask(
	const struct mailbox *mailbox, const struct store_arriving *row)
{
	const struct account_onward to = account_onward(mailbox->account);

	return destination_traits(row->kind)->recovers &&
		row->kind == to.kind && strcmp(row->path, to.path) == 0;
}

/* Resolves rows of one place, all of them stored, or none. */
static bool recover_rows(struct mailbox *mailbox,
	const struct store_arriving *rows, size_t count, struct error *err)
{
	if (rows[0].sought != NULL)
		return recover_onward(mailbox, rows, count, err);
	if (destination_traits(rows[0].kind)->confirms &&
		!can_ask(mailbox, &rows[0]))
		return recover_handed_over(mailbox, rows, count, err);
	return recover_place(mailbox, rows, count, err);
}

bool recover_arriving(struct mailbox *mailbox, bool *doubt, struct error *err)
{
	struct store_arriving *rows = NULL;
	size_t count = 0;
	bool ok = store_arriving(mailbox->store, &rows, &count, err);

	for (size_t i = 0, n; ok && i < count; i += n) {
		for (n = 1; i + n < count && rows[i + n].kind == rows[i].kind &&
			(rows[i + n].sought == NULL) ==
				(rows[i].sought == NULL) &&
			strcmp(rows[i + n].path, rows[i].path) == 0;
			n++)
			;
		ok = recover_rows(mailbox, &rows[i], n, err);
	}
	*doubt = count > 0;
	store_free_arriving(rows, count);
	return ok;
}
