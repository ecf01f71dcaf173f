/* SPDX-License-Identifier: ISC */
#include "engine/sessions.h"

#include <stdio.h>
#include <string.h>

#include "io/process/log.h"

/*
 * A session more costs some six round trips. Below so many messages that is
 * much beside what the last one cost, and a window of fewer is not known.
 */
#define WINDOW_MIN 10

/* Sessions of a run where the rc file says nothing, and broken ones. */
#define SESSIONS_MAX 1000
#define BROKEN_MAX 5

/* Nor does it go on after so many in a row that broke and kept nothing. */
#define FRUITLESS_MAX 2

/* A message that broke so many is left for the next run. */
#define TRIES_IN_A_RUN 2

/* Was most of what is listed new, and did it come? */
static bool was_mostly_new(const struct run *run)
{
	return run->tally->fetched >= WINDOW_MIN &&
		run->tally->fetched >= run->maildrop.count / 2;
}

/* Is what was fetched listed no more, next time (RFC 2449 section 6.7)? */
static bool hides_what_was_fetched(const struct run *run)
{
	const struct pop3_capabilities *capabilities =
		session_capabilities(run->session);

	return capabilities->expires && capabilities->expire_days == 0;
}

bool sessions_is_likely(const struct run *run)
{
	return was_mostly_new(run) ||
		(run->tally->fetched > 0 &&
			(run->account->sessions > 1 || run->outcome->windowed));
}

/*
 * May there be more behind what is listed? A server says so by EXPIRE 0, or
 * shows it: what was known is gone from the listing without having been erased,
 * and other mail is there. Where each RETR was a round trip, a session more
 * costs little, and it is simply tried.
 */
static bool may_have_more(const struct run *run)
{
	size_t known = run->maildrop.count - run->tally->fetched;
	size_t gone = store_lost_count(run->store);

	/* Once begun, until nothing new comes. */
	if (run->account->sessions > 1 || run->outcome->windowed)
		return run->tally->fetched > 0;
	return was_mostly_new(run) &&
		(hides_what_was_fetched(run) ||
			!session_pipelines(run->session) ||
			(gone >= WINDOW_MIN && gone > known));
}

/* Is it one that did not come, and did not fail before this session? */
static bool waits(const struct run *run, size_t i)
{
	return run->plan.steps[i].fetch &&
		run->memories[i].state != MEMORY_KEPT &&
		run->memories[i].tries == 0;
}

/* Those of this session's failures that had not failed before. */
static size_t count_fresh_troubles(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->trouble_count; i++)
		n += waits(run, run->troubles[i].position);
	return n;
}

size_t sessions_in_trouble(const struct run *run)
{
	size_t n = count_fresh_troubles(run);

	for (size_t i = 0; i < run->maildrop.count; i++)
		n += run->memories[i].tries > 0 &&
			!run->memories[i].quarantined &&
			run->memories[i].state != MEMORY_KEPT;
	return n;
}

/* Is anything still to be fetched that has not failed yet, or to be erased? */
static bool others_wait(const struct run *run)
{
	size_t waiting = 0;

	for (size_t i = 0; i < run->plan.count; i++)
		waiting += waits(run, i) ||
			(run->plan.steps[i].erase &&
				run->memories[i].state == MEMORY_KEPT);
	return waiting > count_fresh_troubles(run);
}

/*
 * Did the server end the session between two messages, and others did come
 * before? Some give so many in a session, and no more. What would have been
 * next is not to blame.
 */
static bool goes_on(const struct run *run)
{
	size_t waiting = 0;

	for (size_t i = 0; i < run->plan.count; i++)
		waiting += waits(run, i);
	return run->cut && run->tally->fetched > 0 &&
		waiting > count_fresh_troubles(run);
}

/* Which message this is, and the beginning of its uid, as text. */
static void name_message(const struct run *run, size_t i, char *room)
{
	const struct message *message = &run->maildrop.messages[i];

	struct uid uid = maildrop_uid(&run->maildrop, message);

	snprintf(room, sizeof run->outcome->breaker, "%u %.*s", uid.ordinal,
		(int)uid.length, uid.bytes);
}

void sessions_hold_back(struct run *run)
{
	const struct outcome *outcome = run->outcome;
	char name[sizeof outcome->breaker];

	if (outcome->after == NEXT_NONE)
		return;
	for (size_t i = 0; i < run->maildrop.count; i++) {
		struct memory *memory = &run->memories[i];

		if (memory->tries == 0)
			continue;
		name_message(run, i, name);
		if (outcome->after != NEXT_AFTER_BREAK ||
			outcome->breaks >= TRIES_IN_A_RUN ||
			strcmp(name, outcome->breaker) != 0)
			memory->next_try = INT64_MAX;
	}
}

/* Who broke this session: the last one that there was trouble with. */
static void note_breaker(struct run *run)
{
	struct outcome *outcome = run->outcome;
	char name[sizeof outcome->breaker];

	name_message(run, run->troubles[run->trouble_count - 1].position, name);
	outcome->breaks =
		strcmp(name, outcome->breaker) == 0 ? outcome->breaks + 1 : 1;
	memcpy(outcome->breaker, name, sizeof outcome->breaker);
}

bool sessions_may_follow(
	const struct account *account, const struct outcome *outcome)
{
	unsigned most =
		account->sessions > 0 ? account->sessions : SESSIONS_MAX;

	return outcome->sessions < most &&
		run_now() - outcome->began < account->max_time;
}

/* Another session, and what it makes good is not reported. */
static void follow_broken(struct run *run)
{
	struct outcome *outcome = run->outcome;

	outcome->unsaid = true;
	outcome->in_trouble = sessions_in_trouble(run);
	outcome->next = NEXT_AFTER_BREAK;
}

/* The same where no message is to blame: as if this one had not been. */
static void follow_faultless(struct run *run)
{
	struct outcome *outcome = run->outcome;

	follow_broken(run);
	outcome->broken += run->learnt;
	outcome->in_trouble++;
	outcome->breaker[0] = '\0';
	outcome->breaks = 0;
}

bool sessions_decide(struct run *run, const struct error *err)
{
	struct outcome *outcome = run->outcome;
	bool broken = run->broken && err->kind == ERROR_TEMPORARY;
	bool more = run->session != NULL && !broken && may_have_more(run);

	outcome->next = NEXT_NONE;
	if (run->options->dry_run || run->options->rebuild ||
		*run->options->stop ||
		!sessions_may_follow(run->account, outcome))
		return false;
	if (run->tally->listed)
		outcome->fruitless = broken && run->tally->fetched == 0
			? outcome->fruitless + 1
			: 0;
	if (goes_on(run) || (run->learnt && outcome->broken < BROKEN_MAX)) {
		follow_faultless(run);
		log_line(LOG_SUMMARY, "%s: continuing in another session",
			err->text);
	} else if (broken && outcome->broken < BROKEN_MAX &&
		outcome->fruitless < FRUITLESS_MAX && others_wait(run)) {
		note_breaker(run);
		outcome->broken++;
		follow_broken(run);
		log_line(LOG_SUMMARY,
			"%s: continuing with the rest in another session",
			err->text);
	} else if (more) {
		outcome->next = NEXT_MORE;
		outcome->windowed = true;
		log_line(LOG_MESSAGES,
			"the server may show a part of the mailbox at a time: "
			"another session looks for more");
	}
	return outcome->next != NEXT_NONE;
}
