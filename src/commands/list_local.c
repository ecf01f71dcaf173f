/* SPDX-License-Identifier: ISC */
#include "commands/list_local.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"
#include "cli/page.h"
#include "cli/report_run.h"
#include "core/buffer.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"

/* An error, and what is said before it. */
#define WHY_MAX (FORMAT_LONG_MAX + 1200)

/* Indentation of continuation lines. */
#define INDENT 4

struct listing {
	const struct account *account;
	struct report report;
	size_t shown;
};

/* The problem of a message, most serious first. */
enum trouble {
	TROUBLE_MISSING,
	TROUBLE_DAMAGED,
	TROUBLE_CHANGED,
	TROUBLE_UNREADABLE,
	TROUBLE_QUARANTINED,
	TROUBLE_FAILED,
	TROUBLE_TOO_LARGE,
	TROUBLE_PARTLY,
	TROUBLE_HELD,
	TROUBLE_NONE,
};

static enum trouble trouble_of(const struct store_condition *condition)
{
	if (condition->recorded && condition->state == MEMORY_NONE)
		return TROUBLE_DAMAGED;
	if (condition->missing_at != 0 ||
		condition->damage == STORE_DAMAGE_MISSING)
		return TROUBLE_MISSING;
	if (condition->damage == STORE_DAMAGE_CHANGED)
		return TROUBLE_CHANGED;
	if (condition->damage == STORE_DAMAGE_UNREADABLE)
		return TROUBLE_UNREADABLE;
	if (condition->quarantined_at != 0)
		return TROUBLE_QUARANTINED;
	if (condition->tries > 0)
		return TROUBLE_FAILED;
	if (condition->oversize > 0)
		return TROUBLE_TOO_LARGE;
	if (condition->recorded && condition->state == MEMORY_ARRIVING)
		return TROUBLE_PARTLY;
	return condition->held_at != 0 ? TROUBLE_HELD : TROUBLE_NONE;
}

/* The state of a message without a problem, as list shows it. */
static const char *state_word(const struct store_condition *condition)
{
	switch (condition->state) {
	case MEMORY_NONE:
	case MEMORY_ARRIVING:
		break;
	case MEMORY_KEPT:
		return "kept";
	case MEMORY_ERASED:
		return "erased";
	case MEMORY_SEEN:
		return "seen";
	}
	return "";
}

static const char *trouble_word(
	const struct store_condition *condition, enum trouble trouble)
{
	switch (trouble) {
	case TROUBLE_MISSING:
		return "missing";
	case TROUBLE_DAMAGED:
		return "damaged";
	case TROUBLE_CHANGED:
		return "changed";
	case TROUBLE_UNREADABLE:
		return "unreadable";
	case TROUBLE_QUARANTINED:
		return "quarantined";
	case TROUBLE_FAILED:
		return "failed";
	case TROUBLE_TOO_LARGE:
		return "too-large";
	case TROUBLE_PARTLY:
		return "partly";
	case TROUBLE_HELD:
		return "held";
	case TROUBLE_NONE:
		return state_word(condition);
	}
	return "";
}

/* Returns since when the state has lasted; 0: unknown. */
static int64_t since(
	const struct store_condition *condition, enum trouble trouble)
{
	switch (trouble) {
	case TROUBLE_MISSING:
	case TROUBLE_DAMAGED:
		return condition->missing_at != 0 ? condition->missing_at
						  : condition->damaged_at;
	case TROUBLE_CHANGED:
	case TROUBLE_UNREADABLE:
		return condition->damaged_at;
	case TROUBLE_QUARANTINED:
		return condition->quarantined_at;
	case TROUBLE_FAILED:
		return condition->tried_at;
	case TROUBLE_TOO_LARGE:
	case TROUBLE_PARTLY:
		return 0;
	case TROUBLE_HELD:
		return condition->held_at;
	case TROUBLE_NONE:
		break;
	}
	return condition->erased_at != 0 ? condition->erased_at
					 : condition->kept_at;
}

static void add(struct buffer *why, const char *text)
{
	if (buffer_length(why) > 0)
		buffer_append(why, "; ", 2);
	buffer_append(why, text, strlen(text));
}

static void add_failure(
	struct buffer *why, const struct store_condition *condition)
{
	char date[FORMAT_TIME_MAX];
	char text[128];
	char error[FORMAT_LONG_MAX];

	if (condition->quarantined_at != 0)
		snprintf(text, sizeof text,
			"failed %" PRIu64 " %s, no longer tried",
			condition->tries,
			text_plural(condition->tries, "time", "times"));
	else
		snprintf(text, sizeof text,
			"failed %" PRIu64 " %s, next attempt after %s",
			condition->tries,
			text_plural(condition->tries, "time", "times"),
			format_date(date, condition->next_at));
	add(why, text);
	format_long(error, condition->error);
	if (error[0] != '\0') {
		buffer_append(why, ": ", 2);
		buffer_append(why, error, strlen(error));
	}
}

static void add_copy(
	struct buffer *why, const struct store_condition *condition)
{
	if (condition->recorded && condition->state == MEMORY_NONE)
		add(why,
			condition->handed
				? "handed over; the next run fetches it again for the copy here"
				: "damaged here; the next run fetches it again");
	else if (condition->missing_at != 0 ||
		condition->damage == STORE_DAMAGE_MISSING)
		add(why, "its copy was not found here");
	if (condition->damage == STORE_DAMAGE_CHANGED)
		add(why, "its copy was changed");
	if (condition->damage == STORE_DAMAGE_UNREADABLE)
		add(why, "its copy cannot be read");
	if (condition->recorded && condition->state == MEMORY_ARRIVING)
		add(why, "a run is storing it, or was interrupted");
}

static const char *words(const struct buffer *why)
{
	return buffer_length(why) > 0 ? buffer_bytes(why) : "";
}

/* Describes all problems of the message. */
static void make_why(
	struct buffer *why, const struct store_condition *condition)
{
	char size[32];
	char text[128];

	add_copy(why, condition);
	if (condition->tries > 0)
		add_failure(why, condition);
	if (condition->oversize > 0) {
		snprintf(text, sizeof text, "%s, larger than max-size",
			text_size(size, sizeof size, condition->oversize));
		add(why, text);
	}
	if (condition->held_at != 0)
		add(why, "never deleted from the server");
	if (condition->recorded && condition->state == MEMORY_SEEN)
		add(why, "never fetched, counts as seen");
	if (condition->erased_at != 0)
		add(why, "deleted from the server");
	else if (condition->vanished_at != 0)
		add(why, "no longer listed by the server");
}

static uint64_t size_of(const struct store_condition *condition)
{
	return condition->oversize > 0 ? condition->oversize
		: condition->recorded  ? condition->size
				       : MAILDROP_SIZE_UNKNOWN;
}

static void report_fields(struct listing *listing,
	const struct store_condition *condition, const struct buffer *why)
{
	struct report *report = &listing->report;
	enum trouble trouble = trouble_of(condition);

	report_begin(report, listing->account->name);
	report_uid(report, condition->uid);
	report_string(report, "state", trouble_word(condition, trouble));
	report_time(report, "since", since(condition, trouble));
	report_size(report, "size", size_of(condition));
	report_time(report, "held_at", condition->held_at);
	report_time(report, "missing_at", condition->missing_at);
	report_time(report, "damaged_at", condition->damaged_at);
	report_flag(report, "too_large", condition->oversize > 0);
	report_count(report, "tries", condition->tries);
	report_time(report, "next_at", condition->next_at);
	report_time(report, "quarantined_at", condition->quarantined_at);
	report_optional(report, "error", condition->error);
	report_bytes(report, "reason", words(why), buffer_length(why));
	report_end(report);
}

static void print_line(struct report *report,
	const struct store_condition *condition, const struct buffer *why)
{
	enum trouble trouble = trouble_of(condition);
	int64_t when = since(condition, trouble);
	char *uid = uid_text(condition->uid);
	char date[FORMAT_TIME_MAX] = "";
	int length = (int)buffer_length(why);

	if (page_columns() > 0)
		report_line(report, INDENT, "%-11s %-16s %s%s%.*s",
			trouble_word(condition, trouble),
			when == 0 ? "" : format_date(date, when), uid,
			length > 0 ? "  " : "", length, words(why));
	else
		report_print(report, "%s\t%s\t%s\t%.*s\n", uid,
			trouble_word(condition, trouble),
			when == 0 ? "" : format_time(date, when), length,
			words(why));
	free(uid);
}

static void show(const struct store_condition *condition, void *data)
{
	struct listing *listing = data;
	struct buffer why;

	buffer_init(&why, WHY_MAX);
	make_why(&why, condition);
	report_fields(listing, condition, &why);
	print_line(&listing->report, condition, &why);
	listing->shown++;
	buffer_release(&why);
}

static void print_head(struct report *report)
{
	if (page_columns() > 0)
		report_line(report, INDENT, "%-11s %-16s UID  WHY", "STATE",
			"SINCE");
	else
		report_print(report, "UID\tSTATE\tSINCE\tWHY\n");
}

int list_local(const struct account *account, const struct run_options *options)
{
	struct listing listing = {
		.account = account, .report = report_to(options->json)};
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;

	log_account(account->name);
	if (privilege_become(account, &err))
		store = store_open(
			account->state, account->name, STORE_LOOK, &err);
	if (store != NULL) {
		print_head(&listing.report);
		store_each_condition(
			store, options->verbose, show, &listing, &err);
	}
	store_close(store);
	if (err.kind != ERROR_NONE) {
		report_error(&listing.report, account, &err);
	} else if (listing.shown == 0) {
		log_line(LOG_SUMMARY, "%s",
			options->verbose
				? "no messages on record"
				: "no recorded message has a problem or is held");
	}
	return error_status(err.kind);
}
