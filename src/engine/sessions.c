/* SPDX-License-Identifier: ISC */
#include "engine/sessions.h"

#include <stdio.h>
#include <string.h>

#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_identity.h"

/*
 * Another session costs about six round trips. With fewer messages than this,
 * that is much compared with what the last one cost, and no server is known to
 * show fewer at a time.
 */
#define WINDOW_MIN 10

/*
 * Maximum number of sessions in a run, unless the rc file sets it, and of
 * broken sessions.
 */
#define SESSIONS_MAX 1000
#define BROKEN_MAX 5

/* Maximum number of broken sessions in a row that kept nothing. */
#define FRUITLESS_MAX 2

/* A message that broke this many sessions is left for the next run. */
#define TRIES_IN_A_RUN 2

/* Was most of the listed mail new, and was it fetched? */
static bool was_mostly_new(const struct attempt *attempt)
{
	return attempt->fates.fetched >= WINDOW_MIN &&
		attempt->fates.fetched >= attempt->mailbox.maildrop.count / 2;
}

/*
 * Does the server no longer list messages once they are fetched (RFC 2449
 * section 6.7)?
 */
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
 * May there be more mail than is listed? A server shows it by EXPIRE 0, or by
 * no longer listing known messages that were not erased while listing others.
 * If each RETR took a round trip, another session costs comparatively little,
 * and is simply tried.
 */
static bool may_have_more(const struct attempt *attempt)
{
	size_t known = attempt->mailbox.maildrop.count - attempt->fates.fetched;
	size_t gone = store_lost_count(attempt->mailbox.store);

	/* Once started, continue until nothing new is listed. */
	if (attempt->mailbox.account->sessions > 1 ||
		attempt->outcome->windowed)
		return attempt->fates.fetched > 0;
	return was_mostly_new(attempt) &&
		(hides_what_was_fetched(attempt) ||
			!session_pipelines(attempt->mailbox.session) ||
			(gone >= WINDOW_MIN && gone > known));
}

/* Is the message kept here now? */
static bool is_kept_now(const struct attempt *attempt, size_t i)
{
	if (i < attempt->fates.count && attempt->fates.at[i].state == FATE_KEPT)
		return true;
	/* What is on record under its uid is another message. */
	if (i < attempt->plan.count && attempt->plan.steps[i].fetch)
		return false;
	return attempt->knowledge.memories[i].state == MEMORY_KEPT;
}

/* Is it still to be fetched, and did not fail before this session? */
static bool is_waiting(const struct attempt *attempt, size_t i)
{
	return attempt->plan.steps[i].fetch && !is_kept_now(attempt, i) &&
		attempt->knowledge.memories[i].tries == 0;
}

/* Counts the messages that failed in this session for the first time. */
static size_t count_fresh_troubles(const struct attempt *attempt)
{
	size_t n = 0;

	for (size_t i = 0; i < attempt->fates.count; i++)
		n += attempt->fates.at[i].trouble != NULL &&
			is_waiting(attempt, i);
	return n;
}

size_t sessions_in_trouble(const struct attempt *attempt)
{
	size_t n = count_fresh_troubles(attempt);

	for (size_t i = 0; i < attempt->mailbox.maildrop.count; i++)
		n += attempt->knowledge.memories[i].tries > 0 &&
			!attempt->knowledge.memories[i].quarantined &&
			!is_kept_now(attempt, i);
	return n;
}

/*
 * Is any other message still to be fetched that has not failed, or to be
 * erased?
 */
static bool others_wait(const struct attempt *attempt)
{
	size_t waiting = 0;

	for (size_t i = 0; i < attempt->plan.count; i++)
		waiting += is_waiting(attempt, i) ||
			(attempt->plan.steps[i].erase &&
				is_kept_now(attempt, i));
	return waiting > count_fresh_troubles(attempt);
}

/*
 * Did the server end the session between two messages, after some were fetched?
 * Some servers limit the number of messages per session, so the next message is
 * not to blame.
 */
static bool was_cut_with_progress(const struct attempt *attempt)
{
	size_t waiting = 0;

	for (size_t i = 0; i < attempt->plan.count; i++)
		waiting += is_waiting(attempt, i);
	return attempt->cut && attempt->fates.fetched > 0 &&
		waiting > count_fresh_troubles(attempt);
}

/* Identifies a message, as text: its ordinal and the beginning of its uid. */
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

/* Notes which message broke this session: the last one that failed. */
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

/* Another session follows; an error that it makes up for is not reported. */
static void follow_broken(const struct attempt *attempt)
{
	struct outcome *outcome = attempt->outcome;

	outcome->unsaid = true;
	outcome->in_trouble = sessions_in_trouble(attempt);
	outcome->next = NEXT_AFTER_BREAK;
}

/*
 * As follow_broken, but no message is to blame. in_trouble is one more, so that
 * the next session makes up for the error even if no failed message is fetched.
 */
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
	if (was_cut_with_progress(attempt) ||
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
			"the server may show only part of the mailbox at a time: starting another session");
	}
	return outcome->next != NEXT_NONE;
}
