/* SPDX-License-Identifier: ISC */
#include "commands/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "commands/listing.h"
#include "commands/report.h"
#include "core/error.h"
#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/delivery.h"
#include "io/log.h"
#include "io/secret.h"
#include "io/session.h"
#include "io/store.h"

/*
 * A batch is made durable when it has so many messages, octets, or seconds: one
 * round of syncs is shared by many messages, a slow line still commits
 * promptly, and a kill loses little work.
 */
#define BATCH_MESSAGES 256
#define BATCH_OCTETS (32 << 20)
#define BATCH_SECONDS 2

/* The tag of LIST when it rides in front of the RETRs. */
#define TAG_LIST UINT32_MAX

struct run {
	const struct account *account;
	const struct fetch_options *options;
	struct progress *progress;
	struct progress_bar bar;
	struct tally *tally;
	int64_t started;
	struct store *store;
	struct delivery *delivery;
	struct session *session;
	struct maildrop maildrop;
	struct memory *memories; /* owned; one for each message listed */
	struct plan plan;

	/* The batch: whole messages that are not durable yet. */
	struct letter letters[BATCH_MESSAGES];
	size_t positions[BATCH_MESSAGES]; /* of each in the maildrop */
	size_t batched;
	uint64_t batched_octets;
	bool batch_as_listed; /* each one's size is what LIST said */
	int64_t batch_began;

	/* Published, and not yet recorded as kept. */
	size_t published[BATCH_MESSAGES];
	size_t published_count;
	int64_t published_at;

	/* The message that is arriving. */
	bool receiving; /* into the destination; else it is passed over */
	uint64_t received;

	struct error refusal; /* of single messages: the first */
	size_t *erased;	      /* owned; positions that DELE was answered +OK */
	size_t erased_count;
};

static int64_t clock_now(void)
{
	return (int64_t)time(NULL);
}

static void show_progress(struct run *run, uint64_t messages, uint64_t octets)
{
	progress_add(run->progress, messages, octets);
	if (run->options->bar)
		progress_draw(&run->bar, run->progress, 1);
}

/* Refused by the server alone: the run goes on, and its status tells. */
static void message_refused(struct run *run, const char *what, size_t position,
	const struct pop3_event *answer)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	struct error err = {.kind = ERROR_NONE};
	enum pop3_code code = pop3_response_code(answer->text, answer->length);

	text_printable(uid, sizeof uid, maildrop_uid(&run->maildrop, message),
		message->uid_length);
	error_set_server(&err, pop3_code_kind(code, ERROR_TEMPORARY),
		answer->text, answer->length,
		"the server refused to %s message %u (uid %s): it is tried "
		"again next time",
		what, message->number, uid);
	log_error(&err);
	if (run->refusal.kind == ERROR_NONE)
		run->refusal = err;
	run->tally->failed++;
}

static void say_message(
	struct run *run, size_t position, const char *what, const char *where)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];
	char size[32] = "";

	if (!log_shows(LOG_MESSAGES))
		return;
	text_printable(uid, sizeof uid, maildrop_uid(&run->maildrop, message),
		message->uid_length);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	log_line(LOG_MESSAGES, "%s %u (uid %s%s%s)%s%s: %s", what,
		message->number, uid, size[0] == '\0' ? "" : ", ", size,
		where[0] == '\0' ? "" : " to ", where,
		plan_reason(run->plan.steps[position].reason));
}

/* Records the published messages as kept, within a transaction. */
static bool record_published(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->published_count; i++) {
		struct memory *memory = &run->memories[run->published[i]];

		if (!store_record_kept(
			    run->store, memory->row, run->published_at, err))
			return false;
	}
	return true;
}

/* The published messages are kept from now on: DELE may follow. */
static void published_are_kept(struct run *run)
{
	for (size_t i = 0; i < run->published_count; i++) {
		struct memory *memory = &run->memories[run->published[i]];

		memory->state = MEMORY_KEPT;
		memory->kept_at = run->published_at;
	}
	run->published_count = 0;
}

static bool record_arriving(struct run *run, struct error *err)
{
	struct store_place place = {
		run->account->destination, run->account->path};
	int64_t now = clock_now();

	for (size_t i = 0; i < run->batched; i++) {
		size_t position = run->positions[i];
		struct memory *memory = &run->memories[position];

		if (!store_record_arriving(run->store, &run->maildrop,
			    &run->maildrop.messages[position], &run->letters[i],
			    &place, now, &memory->row, err))
			return false;
		memory->state = MEMORY_ARRIVING;
	}
	return true;
}

static void batch_is_published(struct run *run)
{
	char where[1200];

	for (size_t i = 0; i < run->batched; i++) {
		const struct letter *letter = &run->letters[i];
		bool maildir = run->account->destination == DESTINATION_MAILDIR;

		run->published[i] = run->positions[i];
		run->tally->fetched++;
		run->tally->octets += letter->octets;
		snprintf(where, sizeof where, "%s%s%s", run->account->path,
			maildir ? "/new/" : "", maildir ? letter->name : "");
		say_message(run, run->positions[i], "fetched", where);
	}
	run->published_count = run->batched;
	run->published_at = clock_now();
	run->batched = 0;
	run->batched_octets = 0;
}

/*
 * The ladder for a batch: sync under temporary names, rows "arriving" (and the
 * batch before "kept", in the same commit), then show it. What fails half-way
 * is settled by the rows at the next start.
 */
static bool commit_batch(struct run *run, struct error *err)
{
	bool ok;

	if (run->batched == 0)
		return true;
	ok = delivery_seal(run->delivery, run->letters, run->batched, err) &&
		store_begin(run->store, err) && record_published(run, err) &&
		record_arriving(run, err) && store_commit(run->store, err);
	if (ok) {
		published_are_kept(run);
		ok = delivery_publish(run->delivery, err);
	}
	if (ok)
		batch_is_published(run);
	else
		delivery_abandon(run->delivery);
	run->batched = 0;
	return ok;
}

/* Records the last published batch, so that its messages may be erased. */
static bool commit_kept(struct run *run, struct error *err)
{
	if (run->published_count == 0)
		return true;
	if (!store_begin(run->store, err) || !record_published(run, err) ||
		!store_commit(run->store, err))
		return false;
	published_are_kept(run);
	return true;
}

/* One place's arriving rows: of which are the messages there? */
static bool recover_place(struct run *run, const struct store_arriving *rows,
	size_t count, struct error *err)
{
	struct delivery *delivery = delivery_open(
		rows[0].kind, rows[0].path, run->account->state, err);
	struct letter *letters = xcalloc(count, sizeof letters[0]);
	bool *arrived = xcalloc(count, sizeof arrived[0]);
	size_t kept = 0;
	bool ok = delivery != NULL;

	for (size_t i = 0; i < count; i++)
		letters[i] = rows[i].letter;
	ok = ok && delivery_recover(delivery, letters, count, arrived, err) &&
		store_begin(run->store, err);
	for (size_t i = 0; ok && i < count; i++) {
		kept += arrived[i];
		ok = arrived[i]
			? store_record_kept(
				  run->store, rows[i].row, clock_now(), err)
			: store_forget_arriving(run->store, rows[i].row, err);
	}
	ok = ok && store_commit(run->store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was ended while storing %zu messages: "
			"%zu are there, %zu are fetched again",
			count, kept, count - kept);
	free(arrived);
	free(letters);
	delivery_close(delivery);
	return ok;
}

/* Settles what an ended run left half done, before anything else. */
static bool recover(struct run *run, struct error *err)
{
	struct store_arriving *rows = NULL;
	size_t count = 0;
	bool ok = store_arriving(run->store, &rows, &count, err);

	for (size_t i = 0, n; ok && i < count; i += n) {
		for (n = 1; i + n < count && rows[i + n].kind == rows[i].kind &&
			strcmp(rows[i + n].path, rows[i].path) == 0;
			n++)
			;
		ok = recover_place(run, &rows[i], n, err);
	}
	store_free_arriving(rows, count);
	return ok;
}

static bool list(struct run *run, struct error *err)
{
	uint64_t key[2] = {0, 0};

	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uint64_t)clock_now();
	maildrop_init(&run->maildrop, key);
	if (!listing_uids(run->session, run->account, &run->maildrop, err))
		return false;
	run->tally->listed = true;
	run->tally->left = run->maildrop.count;
	return true;
}

/* A server that confirms QUIT and erases nothing, or not for long. */
static void warn_returned(const struct run *run)
{
	size_t returned = 0;

	for (size_t i = 0; i < run->plan.count; i++)
		returned += run->plan.steps[i].reason == REASON_RETURNED;
	if (returned > 0)
		log_line(LOG_SUMMARY,
			"%zu messages that were erased, or gone for a while, are "
			"listed again and left alone (keepmail -n -v shows "
			"them): the server may keep them by a setting of its "
			"own",
			returned);
}

static bool make_plan(struct run *run, struct error *err)
{
	const struct policy *policy = &run->account->policy;

	if (!store_recall(run->store, &run->maildrop, &run->memories, err))
		return false;
	if ((run->options->dry_run ||
		    plan_needs_sizes(policy, &run->maildrop, run->memories)) &&
		!listing_sizes(run->session, &run->maildrop, err))
		return false;
	run->plan =
		plan_make(policy, &run->maildrop, run->memories, clock_now());
	run->tally->too_large = run->plan.too_large;
	warn_returned(run);
	return true;
}

static bool begin_message(struct run *run, struct error *err)
{
	run->received = 0;
	run->receiving = delivery_begin(run->delivery, err);
	return run->receiving;
}

static bool take_text(
	struct run *run, const struct pop3_event *answer, struct error *err)
{
	uint64_t max = run->account->policy.max_size;

	run->received += answer->length;
	show_progress(run, 0, answer->length);
	/* LIST said less than it is: passed over, and reported at its end. */
	if (run->receiving && max > 0 && run->received > max) {
		delivery_drop(run->delivery);
		run->receiving = false;
	}
	return !run->receiving ||
		delivery_write(
			run->delivery, answer->text, answer->length, err);
}

/* LIST said that it was small enough, and it was not. */
static void say_too_large(struct run *run, size_t position)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];

	text_printable(uid, sizeof uid, maildrop_uid(&run->maildrop, message),
		message->uid_length);
	log_line(LOG_SUMMARY,
		"message %u (uid %s) is larger than max-size, and than the "
		"server had said: it is left there",
		message->number, uid);
	run->tally->too_large++;
}

static bool end_message(
	struct run *run, size_t position, uint64_t octets, struct error *err)
{
	struct letter *letter = &run->letters[run->batched];

	show_progress(run, 1, 0);
	if (!run->receiving) {
		say_too_large(run, position);
		return true;
	}
	run->receiving = false;
	if (run->batched == 0)
		run->batch_as_listed = true;
	if (octets != run->maildrop.messages[position].size)
		run->batch_as_listed = false;
	if (!delivery_end(run->delivery, clock_now(), letter, err))
		return false;
	if (run->batched == 0)
		run->batch_began = clock_now();
	run->positions[run->batched++] = position;
	run->batched_octets += letter->octets;
	if (run->batched < BATCH_MESSAGES &&
		run->batched_octets < BATCH_OCTETS &&
		clock_now() - run->batch_began < BATCH_SECONDS)
		return true;
	return commit_batch(run, err);
}

static bool take_event(
	struct run *run, const struct pipeline_event *event, struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	size_t position = event->tag;

	if (event->tag == TAG_LIST) {
		if (answer->type == POP3_LINE)
			listing_take_size(
				&run->maildrop, answer->text, answer->length);
		return true;
	}
	switch (answer->type) {
	case POP3_STATUS:
		if (answer->status == POP3_OK)
			return begin_message(run, err);
		message_refused(run, "send", position, answer);
		show_progress(run, 1, 0);
		return true;
	case POP3_TEXT:
		return take_text(run, answer, err);
	case POP3_END:
		return end_message(run, position, answer->octets, err);
	case POP3_MORE:
	case POP3_LINE:
	case POP3_BROKEN:
		break;
	}
	return true;
}

static void start_progress(struct run *run)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < run->plan.count; i++) {
		uint64_t size = run->maildrop.messages[i].size;

		if (run->plan.steps[i].fetch && size != MAILDROP_SIZE_UNKNOWN)
			octets += size;
	}
	progress_start(run->progress, run->plan.fetches, octets);
}

/* Pushes RETRs while the window has room; refilled when it is half empty. */
static bool push_retrs(
	struct run *run, size_t *next, size_t in_flight, struct error *err)
{
	char command[32];

	if (in_flight > 0 && session_room(run->session) <= in_flight)
		return true;
	while (*next < run->plan.count && session_room(run->session) > 0) {
		if (run->plan.steps[*next].fetch) {
			snprintf(command, sizeof command, "RETR %u",
				run->maildrop.messages[*next].number);
			if (!session_push(run->session, POP3_MESSAGE,
				    (uint32_t)*next, command, err))
				return false;
		}
		(*next)++;
	}
	return true;
}

/*
 * RETR after RETR, as many in flight as the server takes. Sizes that the plan
 * did not need ride in front: they cost no round trip where there is a
 * pipeline.
 */
static bool fetch_messages(struct run *run, struct error *err)
{
	struct pipeline_event event;
	size_t window = session_room(run->session);
	size_t next = 0;

	if (run->plan.fetches == 0)
		return true;
	if (!run->maildrop.sized &&
		!session_push(
			run->session, POP3_LISTING, TAG_LIST, "LIST", err))
		return false;
	start_progress(run);
	for (;;) {
		size_t in_flight = window - session_room(run->session);

		if (!push_retrs(run, &next, in_flight, err))
			return false;
		if (session_room(run->session) == window)
			break;
		if (!session_next(run->session, &event, err) ||
			!take_event(run, &event, err))
			return false;
		if (event.last && event.tag == TAG_LIST) {
			run->maildrop.sized = true;
			start_progress(run);
		}
	}
	return session_in_step(run->session, err) && commit_batch(run, err) &&
		commit_kept(run, err);
}

/* Is this message to be erased, and is it safe here? */
static bool may_erase(const struct run *run, size_t position)
{
	/* What was to be fetched first is kept only if that came about. */
	return run->plan.steps[position].erase &&
		run->memories[position].state == MEMORY_KEPT;
}

/* DELE for what the plan erases and the store holds as kept. */
static bool erase_messages(struct run *run, struct error *err)
{
	struct pipeline_event event;
	size_t window = session_room(run->session);
	char command[32];
	size_t next = 0;

	run->erased = xcalloc(run->plan.erasures, sizeof run->erased[0]);
	for (;;) {
		while (next < run->plan.count &&
			session_room(run->session) > 0) {
			if (may_erase(run, next)) {
				snprintf(command, sizeof command, "DELE %u",
					run->maildrop.messages[next].number);
				if (!session_push(run->session, POP3_SINGLE,
					    (uint32_t)next, command, err))
					return false;
			}
			next++;
		}
		if (session_room(run->session) == window)
			return true;
		if (!session_next(run->session, &event, err))
			return false;
		if (event.answer.status == POP3_OK)
			run->erased[run->erased_count++] = event.tag;
		else
			message_refused(run, "erase", event.tag, &event.answer);
	}
}

/* QUIT: the server's commit. Only its +OK makes anything erased. */
static bool quit(struct run *run, struct error *err)
{
	struct pipeline_event event;

	if (!session_command(run->session, "QUIT", &event, err))
		return false;
	if (event.answer.status != POP3_OK) {
		enum pop3_code code = pop3_response_code(
			event.answer.text, event.answer.length);

		return error_set_server(err,
			pop3_code_kind(code, ERROR_TEMPORARY),
			event.answer.text, event.answer.length,
			"%s:%u did not confirm QUIT, so that some or none of "
			"the mail was erased there: what is left is erased "
			"next time",
			run->account->server, run->account->port);
	}
	return true;
}

static bool end_session(struct run *run, struct error *err)
{
	struct error unimportant = {.kind = ERROR_NONE};
	bool ok = quit(run, run->erased_count > 0 ? err : &unimportant);

	session_close(run->session);
	run->session = NULL;
	if (!ok && run->erased_count > 0)
		return false;
	for (size_t i = 0; i < run->erased_count; i++)
		say_message(run, run->erased[i], "erased", "");
	run->tally->erased = run->erased_count;
	run->tally->left -= run->erased_count;
	return true;
}

/* RFC 2449 section 6.7: a server's own retention may be shorter than ours. */
static void warn_expiry(struct run *run)
{
	const struct pop3_capabilities *capabilities =
		session_capabilities(run->session);
	const struct policy *policy = &run->account->policy;

	if (!capabilities->expires || policy->erase == ERASE_NOW)
		return;
	if (policy->erase == ERASE_NEVER ||
		policy->after > (int64_t)capabilities->expire_days * 86400)
		log_line(LOG_SUMMARY,
			"the server itself erases mail %u days after it was "
			"fetched, which is sooner than delete says",
			capabilities->expire_days);
}

static bool connect_account(
	struct run *run, const char *password, struct error *err)
{
	char *found = NULL;

	if (password == NULL &&
		!secret_get(run->account, run->options->stop, &found, err))
		return false;
	run->session = session_open(run->account,
		password == NULL ? found : password, run->options->stop, err);
	secret_free(found);
	if (run->session == NULL)
		return false;
	warn_expiry(run);
	return true;
}

/* The story of a run; what goes wrong on the way ends it here. */
static bool run_account(
	struct run *run, const char *password, struct error *err)
{
	const struct account *account = run->account;
	bool dry = run->options->dry_run;

	run->store = store_open(account->state, account->name,
		dry ? STORE_READ : STORE_WRITE, err);
	if (run->store == NULL ||
		!store_check_mailbox(run->store, account->server, account->user,
			run->options->same_mailbox, err))
		return false;
	if (!dry) {
		if (!recover(run, err))
			return false;
		run->delivery = delivery_open(account->destination,
			account->path, account->state, err);
		if (run->delivery == NULL)
			return false;
		delivery_sweep(run->delivery);
	}
	if (!connect_account(run, password, err) || !list(run, err) ||
		!make_plan(run, err))
		return false;
	if (dry)
		return end_session(run, err);
	return fetch_messages(run, err) && erase_messages(run, err) &&
		end_session(run, err);
}

/*
 * May answers of the open batch belong to other commands than it seems? A
 * server that answered too much or too little shows it only by what it says, or
 * no longer says, afterwards. Sizes that are all as LIST said are proof enough.
 */
static bool is_doubtful(const struct run *run, const struct error *err)
{
	if (err->kind == ERROR_PROTOCOL)
		return true;
	if (run->session == NULL || *run->options->stop ||
		run->batch_as_listed ||
		!session_capabilities(run->session)->pipelining)
		return false;
	/* A message cut off in its middle is no more than that. */
	return session_in_flight(run->session) > (run->receiving ? 1 : 0);
}

/*
 * After an error or a signal: what came whole is kept, what is torn is dropped,
 * and the connection is closed without QUIT, so that nothing is erased.
 */
static void salvage(struct run *run, const struct error *err)
{
	struct error second = {.kind = ERROR_NONE};
	bool doubtful = is_doubtful(run, err);

	session_close(run->session);
	run->session = NULL;
	if (run->delivery == NULL)
		return;
	delivery_drop(run->delivery);
	if (doubtful) {
		delivery_abandon(run->delivery);
		run->batched = 0;
	}
	if ((!commit_batch(run, &second) || !commit_kept(run, &second)) &&
		log_shows(LOG_MESSAGES))
		log_error(&second);
}

/* What the run did and noticed, in one transaction at its end. */
static bool record_run(
	struct run *run, const struct error *outcome, struct error *err)
{
	struct tally *tally = run->tally;
	struct store_run record = {
		.started = run->started,
		.ended = clock_now(),
		.status = tally->status,
		.fetched = tally->fetched,
		.octets = tally->octets,
		.erased = tally->erased,
		.left = tally->left,
		.failed = tally->failed,
		.error = outcome->kind == ERROR_NONE ? NULL : outcome->text,
	};

	if (!store_begin(run->store, err) || !record_published(run, err))
		return false;
	/* tally->erased is 0 unless QUIT was answered +OK. */
	for (size_t i = 0; i < tally->erased; i++) {
		int64_t row = run->memories[run->erased[i]].row;

		if (!store_record_erased(run->store, row, record.ended, err))
			return false;
	}
	if (tally->listed && run->memories != NULL &&
		!store_record_listing(run->store, record.ended, err))
		return false;
	return store_record_run(run->store, &record, err) &&
		store_commit(run->store, err);
}

static void run_release(struct run *run)
{
	session_close(run->session);
	delivery_close(run->delivery);
	store_close(run->store);
	maildrop_release(&run->maildrop);
	plan_release(&run->plan);
	free(run->memories);
	free(run->erased);
	free(run);
}

static void report(struct run *run, const struct error *err)
{
	bool dry = run->options->dry_run;
	bool planned = dry && run->plan.steps != NULL;

	progress_clear(&run->bar);
	/* The refusals of single messages were shown as they came. */
	if (err->kind != ERROR_NONE &&
		strcmp(err->text, run->refusal.text) != 0)
		log_error(err);
	if (run->options->json)
		report_json(run->account, run->tally, err, &run->maildrop,
			run->memories, planned ? &run->plan : NULL);
	else if (planned)
		report_plan(run->account, &run->maildrop, run->memories,
			&run->plan, run->options->verbose);
	if (!dry && run->tally->listed)
		report_summary(run->tally);
	fflush(stdout);
}

int fetch_account(const struct account *account,
	const struct fetch_options *options, const char *password,
	struct progress *progress, struct tally *tally)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct error err = {.kind = ERROR_NONE};
	struct error recording = {.kind = ERROR_NONE};

	*tally = (struct tally){.status = 0};
	run->account = account;
	run->options = options;
	run->progress = progress;
	run->tally = tally;
	run->started = clock_now();
	log_account(account->name);
	if (!run_account(run, password, &err))
		salvage(run, &err);
	else if (run->refusal.kind != ERROR_NONE)
		err = run->refusal;
	tally->status = error_status(err.kind);
	if (run->store != NULL && !options->dry_run &&
		!record_run(run, &err, &recording)) {
		tally->status = error_worse(
			tally->status, error_status(recording.kind));
		if (err.kind == ERROR_NONE)
			err = recording;
	}
	report(run, &err);
	int status = tally->status;

	run_release(run);
	return status;
}
