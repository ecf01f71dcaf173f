/* SPDX-License-Identifier: ISC */
#include "engine/sessions.h"

#include <stdio.h>
#include <string.h>

#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_identity.h"

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
static bool was_mostly_new(const struct attempt *attempt)
{
	return attempt->fates.fetched >= WINDOW_MIN &&
		attempt->fates.fetched >= attempt->mailbox.maildrop.count / 2;
}

/* Is what was fetched listed no more, next time (RFC 2449 section 6.7)? */
static bool hides_what_was_fetched(const struct attempt *attempt)
{
	const struct pop3_capabilities *capabilities =
		session_capabilities(attempt->mailbox.session);

	return capabilities->expires && capabilities->expire_days == 0;
}

bool sessions_is_likely(const struct attempt *attempt)
{
	return was_mostly_new(attempt) ||
		(attempt->fates.fetched > 0 &&
			(attempt->mailbox.account->sessions > 1 ||
				attempt->outcome->windowed));
}

/*
 * May there be more behind what is listed? A server says so by EXPIRE 0, or
 * shows it: what was known is gone from the listing without having been erased,
 * and other mail is there. Where each RETR was a round trip, a session more
 * costs little, and it is simply tried.
 */
static bool may_have_more(const struct attempt *attempt)
{
	size_t known = attempt->mailbox.maildrop.count - attempt->fates.fetched;
	size_t gone = store_lost_count(attempt->mailbox.store);

	/* Once begun, until nothing new comes. */
	if (attempt->mailbox.account->sessions > 1 ||
		attempt->outcome->windowed)
		return attempt->fates.fetched > 0;
	return was_mostly_new(attempt) &&
		(hides_what_was_fetched(attempt) ||
			!session_pipelines(attempt->mailbox.session) ||
			(gone >= WINDOW_MIN && gone > known));
}

/* Is the message kept here by now? */
static bool is_kept(const struct attempt *attempt, size_t i)
{
	if (i < attempt->fates.count && attempt->fates.at[i].state == FATE_KEPT)
		return true;
	/* What is on record under its uid is another message. */
	if (i < attempt->plan.count && attempt->plan.steps[i].fetch)
		return false;
	return attempt->knowledge.memories[i].state == MEMORY_KEPT;
}

/* Is it one that did not come, and did not fail before this session? */
static bool waits(const struct attempt *attempt, size_t i)
{
	return attempt->plan.steps[i].fetch && !is_kept(attempt, i) &&
		attempt->knowledge.memories[i].tries == 0;
}

/* Those of this session's failures that had not failed before. */
static size_t count_fresh_troubles(const struct attempt *attempt)
{
	size_t n = 0;

	for (size_t i = 0; i < attempt->fates.count; i++)
		n += attempt->fates.at[i].trouble != NULL && waits(attempt, i);
	return n;
}

size_t sessions_in_trouble(const struct attempt *attempt)
{
	size_t n = count_fresh_troubles(attempt);

	for (size_t i = 0; i < attempt->mailbox.maildrop.count; i++)
		n += attempt->knowledge.memories[i].tries > 0 &&
			!attempt->knowledge.memories[i].quarantined &&
			!is_kept(attempt, i);
	return n;
}

/* Is anything still to be fetched that has not failed yet, or to be erased? */
static bool others_wait(const struct attempt *attempt)
{
	size_t waiting = 0;

	for (size_t i = 0; i < attempt->plan.count; i++)
		waiting += waits(attempt, i) ||
			(attempt->plan.steps[i].erase && is_kept(attempt, i));
	return waiting > count_fresh_troubles(attempt);
}

/*
 * Did the server end the session between two messages, and others did come
 * before? Some give so many in a session, and no more. What would have been
 * next is not to blame.
 */
static bool goes_on(const struct attempt *attempt)
{
	size_t waiting = 0;

	for (size_t i = 0; i < attempt->plan.count; i++)
		waiting += waits(attempt, i);
	return attempt->cut && attempt->fates.fetched > 0 &&
		waiting > count_fresh_troubles(attempt);
}

/* Which message this is, and the beginning of its uid, as text. */
static void name_message(
	const struct maildrop *maildrop, size_t i, char *room, size_t size)
{
	struct uid uid = maildrop_uid(maildrop, &maildrop->messages[i]);

	snprintf(
		room, size, "%u %.*s", uid.ordinal, (int)uid.length, uid.bytes);
}

void sessions_put_off(struct knowledge *knowledge,
	const struct mailbox *mailbox, const struct outcome *outcome)
{
	char name[sizeof outcome->breaker];

	if (outcome->after == NEXT_NONE)
		return;
	for (size_t i = 0; i < mailbox->maildrop.count; i++) {
		if (knowledge->memories[i].tries == 0)
			continue;
		name_message(&mailbox->maildrop, i, name, sizeof name);
		knowledge->findings[i].put_off =
			outcome->after != NEXT_AFTER_BREAK ||
			outcome->breaks >= TRIES_IN_A_RUN ||
			strcmp(name, outcome->breaker) != 0;
	}
}

/* Which message broke this session: the last one that there was trouble with.
 */
static void note_breaker(const struct attempt *attempt)
{
	struct outcome *outcome = attempt->outcome;
	char name[sizeof outcome->breaker];

	name_message(&attempt->mailbox.maildrop, attempt->fates.last_trouble,
		name, sizeof name);
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
		now_seconds() - outcome->began < account->session.max_time;
}

/* Another session, and what it makes good is not reported. */
static void follow_broken(const struct attempt *attempt)
{
	struct outcome *outcome = attempt->outcome;

	outcome->unsaid = true;
	outcome->in_trouble = sessions_in_trouble(attempt);
	outcome->next = NEXT_AFTER_BREAK;
}

/* The same where no message is to blame: as if this one had not been. */
static void follow_faultless(const struct attempt *attempt)
{
	struct outcome *outcome = attempt->outcome;

	follow_broken(attempt);
	outcome->broken += attempt->mailbox.proof.learnt;
	outcome->in_trouble++;
	outcome->breaker[0] = '\0';
	outcome->breaks = 0;
}

bool sessions_decide(const struct attempt *attempt, const struct error *err)
{
	struct outcome *outcome = attempt->outcome;
	bool broken = attempt->broken && err->kind == ERROR_TEMPORARY;
	bool more = attempt->mailbox.session != NULL && !broken &&
		may_have_more(attempt);

	outcome->next = NEXT_NONE;
	if (attempt->mailbox.options->dry_run || attempt->rebuilds ||
		*attempt->mailbox.options->stop ||
		!sessions_may_follow(attempt->mailbox.account, outcome))
		return false;
	if (attempt->mailbox.listed)
		outcome->fruitless = broken && attempt->fates.fetched == 0
			? outcome->fruitless + 1
			: 0;
	if (goes_on(attempt) ||
		(attempt->mailbox.proof.learnt &&
			outcome->broken < BROKEN_MAX)) {
		follow_faultless(attempt);
		log_line(LOG_SUMMARY, "%s: continuing in another session",
			err->text);
	} else if (broken && outcome->broken < BROKEN_MAX &&
		outcome->fruitless < FRUITLESS_MAX && others_wait(attempt)) {
		note_breaker(attempt);
		outcome->broken++;
		follow_broken(attempt);
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
