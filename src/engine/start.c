/* SPDX-License-Identifier: ISC */
#include "engine/start.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/date.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/headers.h"
#include "io/process/log.h"

/* The headers of all messages, in order. */
struct dates {
	struct run *run;
	const size_t *positions; /* borrowed */
	int64_t oldest;		 /* what was received before is old */
	struct date_scan scan;
	size_t refused;
	size_t undated;
};

static void take_begin(void *data, size_t i)
{
	struct dates *dates = data;

	(void)i;
	date_scan_init(&dates->scan);
}

static void take_text(void *data, const char *text, size_t length)
{
	struct dates *dates = data;

	date_scan_feed(&dates->scan, text, length);
}

static void take_end(void *data, size_t i, bool answered)
{
	struct dates *dates = data;
	int64_t received;

	if (!answered)
		dates->refused++;
	else if (!date_scan_end(&dates->scan, &received))
		dates->undated++;
	else
		dates->run->memories[dates->positions[i]].old =
			received < dates->oldest;
}

/* POP3 tells no dates but in a message's header. */
static bool mark_old(struct run *run, struct error *err)
{
	size_t *positions = xcalloc(run->maildrop.count, sizeof positions[0]);
	struct dates dates = {.run = run,
		.positions = positions,
		.oldest = run_now() - run->account->policy.start_age};
	const struct headers_taker taker = {.begin = take_begin,
		.text = take_text,
		.end = take_end,
		.data = &dates};
	size_t count = 0;

	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (run->maildrop.messages[i].uid_length > 0)
			positions[count++] = i;
	}
	bool ok = headers_ask(run, positions, count, &taker, err);

	free(positions);
	if (ok && count > 0 && dates.refused == count)
		log_line(LOG_WARNINGS,
			"the server has no TOP, so the age of messages is unknown: all are fetched, whatever start says");
	else if (ok && dates.refused + dates.undated > 0)
		log_line(LOG_SUMMARY, "the age of %zu %s: fetched all the same",
			dates.refused + dates.undated,
			text_plural(dates.refused + dates.undated,
				"message is unknown", "messages is unknown"));
	return ok;
}

bool start_mark(struct run *run, struct error *err)
{
	enum start_rule start = run->account->policy.start;

	if (start == START_ALL)
		return true;
	if (!store_is_fresh(run->store, &run->first, err))
		return false;
	if (!run->first || run->maildrop.count == 0)
		return true;
	if (start == START_YOUNG)
		return mark_old(run, err);
	for (size_t i = 0; i < run->maildrop.count; i++)
		run->memories[i].old = true;
	return true;
}

bool start_record(struct run *run, struct error *err)
{
	int64_t now = run_now();
	size_t recorded = 0;

	if (!run->first)
		return true;
	if (!store_begin(run->store, err))
		return false;
	for (size_t i = 0; i < run->plan.count; i++) {
		const struct message *message = &run->maildrop.messages[i];
		struct memory *memory = &run->memories[i];
		struct store_seen seen = {
			.uid = maildrop_uid(&run->maildrop, message),
			.since = now,
			.origin = "start",
		};

		if (run->plan.steps[i].reason != REASON_OLD)
			continue;
		if (!store_record_seen(
			    run->store, &seen, now, &memory->row, err))
			return false;
		memory->state = MEMORY_SEEN;
		memory->kept_at = now;
		recorded++;
	}
	if (recorded > 0)
		log_line(LOG_SUMMARY, "counted as seen, as start says: %zu",
			recorded);
	return store_commit(run->store, err);
}
