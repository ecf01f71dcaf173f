/* SPDX-License-Identifier: ISC */
#include "commands/list_show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/format.h"
#include "cli/report_run.h"
#include "commands/list_layout.h"
#include "core/envelope.h"
#include "core/header.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "core/width.h"
#include "core/xalloc.h"
#include "engine/headers.h"

/* Enough for any subject or uid, made printable. */
#define CELL_MAX (4 * ENVELOPE_SUBJECT_MAX + 8)
#define DATE_COLUMNS 10

struct contents {
	struct report report;
	struct mailbox *mailbox; /* borrowed, as are the next two */
	const struct facts *facts;
	const struct plan *plan;
	const struct language *language; /* borrowed */
	size_t *positions;		 /* owned; of the messages to request */
	size_t count;
	size_t told; /* number of these that were printed */
	size_t next; /* next of all messages to be printed */
	struct header header;
	/* Headers that are not proven yet; that of message i is at i %
	 * HEADERS_UNPROVEN_MAX. */
	struct envelope envelopes[HEADERS_UNPROVEN_MAX];
	struct list_layout layout; /* used on a terminal only */
	/* On a terminal, reasons are footnotes: the number of each note, or
	 * 0. */
	unsigned notes[PLAN_PAIRS];
	unsigned note_count;
	int64_t first_due;
};

/* The recorded state of the listed message. */
static const char *state_word(
	const struct memory *memory, const struct step *step)
{
	/* What is on record is another message with the same uid. */
	if (step->fetch || step->why_fetch == REASON_TOO_LARGE)
		return "new";
	switch (memory->state) {
	case MEMORY_NONE:
		return "new";
	case MEMORY_ARRIVING:
		return "partly";
	case MEMORY_KEPT:
		return memory->held ? "held" : "kept";
	case MEMORY_ERASED:
		return "erased";
	case MEMORY_SEEN:
		return "seen";
	}
	return "";
}

/* Makes text from a message printable, with the password masked. */
static char *make_cell(struct contents *contents, char room[CELL_MAX],
	const char *bytes, size_t length)
{
	const char *words = session_words(
		contents->mailbox->session, bytes, length, &length);

	return text_printable_long(room, CELL_MAX, words, length);
}

/* Formats the uid so that it can be typed; the caller frees it. */
static char *make_uid(struct contents *contents, const struct message *message)
{
	struct uid uid = maildrop_uid(contents->facts->maildrop, message);

	uid.bytes = session_words(
		contents->mailbox->session, uid.bytes, uid.length, &uid.length);
	return uid_text(uid);
}

static char *make_from(struct contents *contents, char room[CELL_MAX],
	const struct envelope *envelope)
{
	const struct words_mailbox *from = &envelope->from;

	if (from->name_length > 0)
		return make_cell(contents, room, from->name, from->name_length);
	return make_cell(contents, room, from->address, from->address_length);
}

static void report_words(struct contents *contents, const char *name,
	bool known, const char *bytes, size_t length)
{
	if (!known) {
		report_null(&contents->report, name);
		return;
	}
	bytes = session_words(
		contents->mailbox->session, bytes, length, &length);
	report_bytes(&contents->report, name, bytes, length);
}

static void report_fields(
	struct contents *contents, size_t i, const struct envelope *envelope)
{
	const struct message *message = &contents->facts->maildrop->messages[i];
	const struct memory *memory = &contents->facts->memories[i];
	const struct step *step = &contents->plan->steps[i];
	const struct words_mailbox *from = &envelope->from;
	struct uid uid = maildrop_uid(contents->facts->maildrop, message);
	struct report *report = &contents->report;

	report_begin(report, contents->mailbox->account->name);
	report_count(report, "number", message->number);
	report_words(contents, "uid", true, uid.bytes, uid.length);
	report_size(report, "size", message->size);
	if (envelope->has_date)
		report_number(report, "date", envelope->date);
	else
		report_null(report, "date");
	report_words(contents, "from", from->name_length > 0, from->name,
		from->name_length);
	report_words(contents, "address", from->address_length > 0,
		from->address, from->address_length);
	report_words(contents, "subject", envelope->has_subject,
		envelope->subject, envelope->subject_length);
	report_string(report, "state", state_word(memory, step));
	report_next(report, memory, step);
	report_end(report);
}

static void print_tabs(
	struct contents *contents, size_t i, const struct envelope *envelope)
{
	const struct message *message = &contents->facts->maildrop->messages[i];
	const struct memory *memory = &contents->facts->memories[i];
	const struct step *step = &contents->plan->steps[i];
	struct report *report = &contents->report;
	char *uid = make_uid(contents, message);
	char cell[CELL_MAX];
	char date[FORMAT_TIME_MAX] = "";
	char why[FORMAT_WHY_MAX];

	report_print(report, "%u\t%s\t", message->number, uid);
	free(uid);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		report_print(report, "%" PRIu64, message->size);
	if (envelope->has_date)
		format_time(date, envelope->date);
	report_print(
		report, "\t%s\t%s", date, make_from(contents, cell, envelope));
	report_print(report, "\t%s",
		make_cell(contents, cell, envelope->subject,
			envelope->subject_length));
	report_print(report, "\t%s\t%s\t%s\n", state_word(memory, step),
		format_verb(step),
		format_why(why, contents->mailbox->account, memory, step));
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t digits(uint32_t number)
{
	size_t n = 1;

	for (; number >= 10; number /= 10)
		n++;
	return n;
}

static void make_layout(struct contents *contents)
{
	struct list_layout *layout = &contents->layout;
	char **uids = xcalloc(contents->plan->count, sizeof uids[0]);
	bool has[PLAN_PAIRS] = {false};
	uint32_t reasons = 0;
	size_t verbs = 0;
	char size[32];

	*layout = (struct list_layout){.number = 2,
		.size = 4,
		.date = DATE_COLUMNS,
		.here = 4,
		.next = 4};
	for (size_t i = 0; i < contents->plan->count; i++) {
		const struct message *message =
			&contents->facts->maildrop->messages[i];
		const struct step *step = &contents->plan->steps[i];

		uids[i] = make_uid(contents, message);
		layout->number = max(layout->number, digits(message->number));
		if (message->size != MAILDROP_SIZE_UNKNOWN)
			layout->size = max(layout->size,
				strlen(text_size(
					size, sizeof size, message->size)));
		layout->here = max(layout->here,
			strlen(state_word(
				&contents->facts->memories[i], step)));
		verbs = max(verbs, strlen(format_verb(step)));
		reasons += !has[plan_pair(step)];
		has[plan_pair(step)] = true;
	}
	layout->next = max(layout->next, verbs + 1 + digits(reasons));
	list_layout_fit(layout, contents->mailbox->options->columns, uids,
		contents->plan->count);
	for (size_t i = 0; i < contents->plan->count; i++)
		free(uids[i]);
	free(uids);
}

/* Prints a cell padded or cut to this many columns; 0: not shown. */
static void print_cell(
	struct report *report, char *text, size_t columns, const char *gap)
{
	if (columns == 0)
		return;
	width_cut(text, columns);
	report_print(report, "%s%*s%s", text, (int)(columns - width_text(text)),
		"", gap);
}

static unsigned get_note(struct contents *contents, const struct step *step)
{
	size_t pair = plan_pair(step);

	if (contents->notes[pair] == 0)
		contents->notes[pair] = ++contents->note_count;
	return contents->notes[pair];
}

static void print_columns(
	struct contents *contents, size_t i, const struct envelope *envelope)
{
	const struct list_layout *layout = &contents->layout;
	const struct message *message = &contents->facts->maildrop->messages[i];
	const struct memory *memory = &contents->facts->memories[i];
	const struct step *step = &contents->plan->steps[i];
	struct report *report = &contents->report;
	char *uid = make_uid(contents, message);
	char cell[CELL_MAX];
	char size[32] = "?";
	char date[FORMAT_TIME_MAX] = "";

	report_print(report, "%*u ", (int)layout->number, message->number);
	print_cell(
		report, width_cut_middle(uid, layout->uid), layout->uid, " ");
	free(uid);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	if (layout->size > 0)
		report_print(report, "%*s ", (int)layout->size, size);
	if (envelope->has_date)
		format_date(date, envelope->date);
	/* Only the day is shown. */
	if (layout->date > 0)
		report_print(
			report, "%-*.*s ", DATE_COLUMNS, DATE_COLUMNS, date);
	print_cell(report, make_from(contents, cell, envelope), layout->from,
		"  ");
	print_cell(report,
		make_cell(contents, cell, envelope->subject,
			envelope->subject_length),
		layout->subject, "  ");
	if (layout->here > 0)
		report_print(report, "%-*s ", (int)layout->here,
			state_word(memory, step));
	report_print(
		report, "%s %u\n", format_verb(step), get_note(contents, step));
	if (step->why_erase == REASON_NOT_DUE &&
		memory->kept_at < contents->first_due)
		contents->first_due = memory->kept_at;
}

static void print_note(struct contents *contents, unsigned note, size_t pair)
{
	struct step step = plan_of_pair(pair);
	char why[PLAN_WHY_MAX];
	char date[FORMAT_TIME_MAX] = "";
	bool due = step.why_erase == REASON_NOT_DUE;

	if (due)
		format_date(date,
			contents->first_due + contents->facts->policy->after);
	report_line(&contents->report, digits(note) + 2, "%u: %s%s%s", note,
		plan_why(why, &step), due ? ", the first on " : "", date);
}

static void print_notes(struct contents *contents)
{
	for (unsigned note = 1; note <= contents->note_count; note++) {
		for (size_t i = 0; i < PLAN_PAIRS; i++) {
			if (contents->notes[i] == note)
				print_note(contents, note, i);
		}
	}
}

/* Prints the name of a column if the column is shown. */
static void print_name(struct report *report, const char *name, size_t columns,
	const char *gap)
{
	if (columns > 0)
		report_print(report, "%-*.*s%s", (int)columns, (int)columns,
			name, gap);
}

static void print_head(struct contents *contents)
{
	const struct list_layout *layout = &contents->layout;
	struct report *report = &contents->report;

	if (contents->mailbox->options->columns == 0) {
		report_print(report,
			"NO\tUID\tSIZE\tDATE\tFROM\tSUBJECT\tHERE\tNEXT\tWHY\n");
		return;
	}
	report_print(report, "%*s ", (int)layout->number, "NO");
	print_name(report, "UID", layout->uid, " ");
	if (layout->size > 0)
		report_print(report, "%*s ", (int)layout->size, "SIZE");
	print_name(report, "DATE", layout->date, " ");
	print_name(report, "FROM", layout->from, "  ");
	print_name(report, "SUBJECT", layout->subject, "  ");
	print_name(report, "HERE", layout->here, " ");
	report_print(report, "NEXT\n");
}

static void show_row(
	struct contents *contents, size_t i, const struct envelope *envelope)
{
	report_fields(contents, i, envelope);
	if (contents->mailbox->options->columns == 0)
		print_tabs(contents, i, envelope);
	else
		print_columns(contents, i, envelope);
}

/* Prints the messages before this position whose headers were not requested. */
static void print_others(struct contents *contents, size_t position)
{
	struct envelope nothing;

	envelope_init(&nothing);
	for (; contents->next < position; contents->next++)
		show_row(contents, contents->next, &nothing);
}

static struct envelope *envelope_of(struct contents *contents, size_t i)
{
	return &contents->envelopes[i % HEADERS_UNPROVEN_MAX];
}

static void begin_header(void *data, size_t i)
{
	struct contents *contents = data;
	struct envelope *envelope = envelope_of(contents, i);

	envelope_init(envelope);
	envelope->charsets = &contents->language->charsets;
	header_init(&contents->header);
	contents->header.each = envelope_take;
	contents->header.data = envelope;
}

static void add_text(void *data, const char *text, size_t length)
{
	struct contents *contents = data;

	header_feed(&contents->header, text, length);
}

static void end_header(void *data, size_t i, bool answered)
{
	struct contents *contents = data;

	if (answered)
		header_end(&contents->header);
	/* If the server lacks TOP, all messages are shown without a header. */
	else
		envelope_init(envelope_of(contents, i));
}

static bool print_proven(void *data, size_t count, struct error *err)
{
	struct contents *contents = data;

	for (; contents->told < count; contents->told++) {
		print_others(contents, contents->positions[contents->told]);
		show_row(contents, contents->next++,
			envelope_of(contents, contents->told));
	}
	if (contents->mailbox->options->columns > 0)
		report_flush();
	return report_is_written() ||
		error_set(err, ERROR_WRITE,
			"cannot write the listing to standard output");
}

bool list_show(struct attempt *attempt, const struct language *language,
	struct error *err)
{
	struct contents *contents = xcalloc(1, sizeof *contents);
	const struct plan *plan = &attempt->plan;
	const struct headers_taker taker = {.begin = begin_header,
		.text = add_text,
		.end = end_header,
		.proven = print_proven,
		.data = contents};
	bool columns = attempt->mailbox.options->columns > 0;

	contents->report = report_to(attempt->mailbox.options->json);
	contents->mailbox = &attempt->mailbox;
	contents->facts = &attempt->knowledge.facts;
	contents->plan = plan;
	contents->language = language;
	contents->first_due = INT64_MAX;
	contents->positions =
		xcalloc(plan->count, sizeof contents->positions[0]);
	/* Without a uid, a header cannot be proven to be the right one. */
	for (size_t i = 0; i < plan->count; i++) {
		if (attempt->mailbox.maildrop.messages[i].uid_length > 0)
			contents->positions[contents->count++] = i;
	}
	if (columns)
		make_layout(contents);
	print_head(contents);
	bool ok = headers_ask(&attempt->mailbox, contents->positions,
		contents->count, &taker, err);

	if (ok)
		print_others(contents, plan->count);
	if (ok && columns)
		print_notes(contents);
	free(contents->positions);
	free(contents);
	return ok;
}
