/* SPDX-License-Identifier: ISC */
#include "engine/start.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/date.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/headers.h"
#include "io/process/log.h"
#include "io/store/store_seen.h"

/* Reads the dates of messages from their headers, in order. */
struct dates {
	struct finding *findings; /* borrowed */
	const size_t *positions;  /* borrowed */
	int64_t oldest; /* messages received before this time are old */
	struct date_scan scan;
	size_t refused;
	size_t undated;
};

static void begin_header(void *data, size_t i)
{
	struct dates *dates = data;

	(void)i;
	date_scan_init(&dates->scan);
}

static void add_text(void *data, const char *text, size_t length)
{
	struct dates *dates = data;

	date_scan_feed(&dates->scan, text, length);
}

static void end_header(void *data, size_t i, bool answered)
{
	struct dates *dates = data;
	int64_t received;

	if (!answered)
		dates->refused++;
	else if (!date_scan_end(&dates->scan, &received))
		dates->undated++;
	else
		dates->findings[dates->positions[i]].old =
			received < dates->oldest;
}

/* POP3 has no dates except in message headers. */
static bool mark_old(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	size_t *positions =
		xcalloc(mailbox->maildrop.count, sizeof positions[0]);
	struct dates dates = {.findings = knowledge->findings,
		.positions = positions,
		.oldest = mailbox->clock.now -
			mailbox->account->policy.start_age};
	const struct headers_taker taker = {.begin = begin_header,
		.text = add_text,
		.end = end_header,
		.data = &dates};
	size_t count = 0;

	for (size_t i = 0; i < mailbox->maildrop.count; i++) {
		if (mailbox->maildrop.messages[i].uid_length > 0)
			positions[count++] = i;
	}
	bool ok = headers_ask(mailbox, positions, count, &taker, err);

	free(positions);
	if (ok && count > 0 && dates.refused == count)
		log_line(LOG_WARNINGS,
			"the server does not support TOP, so the age of messages is unknown: the start setting is ignored and all are fetched");
	else if (ok && dates.refused + dates.undated > 0)
		log_line(LOG_SUMMARY, "%zu %s fetched",
			dates.refused + dates.undated,
			text_plural(dates.refused + dates.undated,
				"message of unknown age is",
				"messages of unknown age are"));
	return ok;
}

bool start_mark(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	enum start_rule start = mailbox->account->policy.start;

	if (start == START_ALL)
		return true;
	if (!store_is_fresh(mailbox->store, &knowledge->first, err))
		return false;
	if (!knowledge->first || mailbox->maildrop.count == 0)
		return true;
	if (start == START_YOUNG)
		return mark_old(knowledge, mailbox, err);
	for (size_t i = 0; i < mailbox->maildrop.count; i++)
		knowledge->findings[i].old = true;
	return true;
}

bool start_record(struct mailbox *mailbox, const struct plan *plan,
	struct fates *fates, struct error *err)
{
	const struct maildrop *maildrop = &mailbox->maildrop;
	int64_t now = mailbox->clock.now;
	size_t recorded = 0;

	if (!store_begin(mailbox->store, err))
		return false;
	for (size_t i = 0; i < plan->count; i++) {
		struct fate *fate = &fates->at[i];
		struct store_seen seen = {
			.uid = maildrop_uid(maildrop, &maildrop->messages[i]),
			.since = now,
			.origin = "start",
		};

		if (plan->steps[i].why_fetch != REASON_OLD)
			continue;
		if (!store_record_seen(
			    mailbox->store, &seen, now, &fate->row, err))
			return false;
		fate->state = FATE_SEEN;
		fate->kept_at = now;
		recorded++;
	}
	if (recorded > 0)
		log_line(LOG_SUMMARY, "%zu %s as seen (setting start)",
			recorded,
			text_plural(
				recorded, "message counts", "messages count"));
	return store_commit(mailbox->store, err);
}
