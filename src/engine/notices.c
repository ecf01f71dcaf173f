/* SPDX-License-Identifier: ISC */
#include "engine/notices.h"

#include <stdio.h>
#include <time.h>

#include "core/text.h"
#include "io/process/log.h"
#include "io/store/store_mailbox.h"

void notices_uids(struct mailbox *mailbox)
{
	const struct maildrop *maildrop = &mailbox->maildrop;
	bool twice = false;
	bool none = false;
	bool odd = false;

	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		const char *uid = maildrop_uid(maildrop, message).bytes;

		twice |= message->uid_length > 0 && message->ordinal > 0;
		none |= message->uid_length == 0;
		odd |= message->uid_length > 70;
		for (size_t k = 0; k < message->uid_length; k++)
			odd |= uid[k] < '!' || uid[k] > '~';
	}
	if (twice)
		mailbox_say_once(mailbox, STORE_SAID_TWICE,
			"the server gives several messages the same uid: they are distinguished by their order (reported once)");
	if (none)
		mailbox_say_once(mailbox, STORE_SAID_NO_UID,
			"the server lists messages without a uid, or with one of over 1,024 bytes: they stay on the server (reported once)");
	if (odd && !mailbox->uids_made)
		mailbox_say_once(mailbox, STORE_SAID_ODD,
			"the server gives uids that RFC 1939 forbids (over 70 bytes, blanks or characters that do not print): they are used unchanged (reported once)");
}

void notices_expiry(struct mailbox *mailbox)
{
	const struct pop3_capabilities *capabilities =
		session_capabilities(mailbox->session);
	const struct policy *policy = &mailbox->account->policy;

	if (!capabilities->expires || policy->erase == ERASE_NOW)
		return;
	if (policy->erase != ERASE_AFTER ||
		policy->after > (int64_t)capabilities->expire_days * 86400)
		log_line(LOG_SUMMARY,
			"the server itself deletes mail %u %s after it is fetched, earlier than the delete setting",
			capabilities->expire_days,
			text_plural(capabilities->expire_days, "day", "days"));
}

static size_t count_reason(const struct plan *plan, enum reason reason)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->steps[i].why_erase == reason;
	return count;
}

/*
 * Reports messages that the server still lists, or lists again, although it
 * confirmed QUIT.
 */
static void report_returned(const struct plan *plan)
{
	size_t returned = count_reason(plan, REASON_RETURNED);

	if (returned > 0)
		log_line(LOG_SUMMARY,
			"%zu %s. The server may keep mail by its own settings",
			returned,
			text_plural(returned,
				"message is listed again after it was deleted or had disappeared, and is left alone (keepmail -n -v shows it)",
				"messages are listed again after they were deleted or had disappeared, and are left alone (keepmail -n -v shows them)"));
}

static const char *format_day(char *room, size_t size, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&time, &utc) == NULL ||
		strftime(room, size, "%Y-%m-%d", &utc) == 0)
		snprintf(room, size, "an impossible date");
	return room;
}

/* Reports that messages due to be erased stay because of the clock. */
static void report_clock(const struct clock *clock, const struct plan *plan)
{
	size_t due = count_reason(plan, REASON_CLOCK);
	char now[32];
	char then[32];

	if (due == 0)
		return;
	format_day(now, sizeof now, clock->now);
	format_day(then, sizeof then, clock_stamp(clock));
	if (clock->trust == CLOCK_LEAPT)
		log_line(LOG_WARNINGS,
			"the clock says %s, but the last run was on %s: %zu %s on the server until a run on another day confirms this",
			now, then, due,
			text_plural(due, "message that is due stays",
				"messages that are due stay"));
	else
		log_line(LOG_WARNINGS,
			"the clock says %s, but earlier runs or mail are dated %s: %zu %s on the server. Set the clock, or, if it is right, run once with --no-brake",
			now, then, due,
			text_plural(due, "message that is due stays",
				"messages that are due stay"));
}

void notices_plan(struct mailbox *mailbox, const struct plan *plan)
{
	report_returned(plan);
	report_clock(&mailbox->clock, plan);
}
