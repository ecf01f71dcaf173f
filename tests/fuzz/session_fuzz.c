/* SPDX-License-Identifier: ISC */
/*
 * Whole runs against a server whose every octet the input says: UIDL, LIST,
 * RETR, DELE and QUIT through the real listing, transfer and batch; session,
 * store and delivery are models in memory (fakes.h), with faults and kills.
 *
 * The input: eight octets of settings, then what the server says; LOST in it
 * ends a connection, and what follows is said to the next run.
 *
 * What must hold, besides what the fakes check (the order of the commit ladder;
 * nothing fetched that is here; a row "kept" only for what is published):
 *   - DELE goes out only for what is kept and published, under a policy that
 *     erases;
 *   - what is stored for a message is what a plain reading of the wire gives as
 *     the answer to its RETR;
 *   - RETR goes out once for a message, and only for what is planned;
 *   - when all was fetched, all of it is kept;
 *   - "erased" is recorded for what DELE and QUIT were answered +OK for.
 */
#include <string.h>

#include "commands/batch.h"
#include "commands/listing.h"
#include "commands/proof.h"
#include "commands/transfer.h"
#include "fakes.h"
#include "reference.h"

#define SETTINGS 8
#define LOST 0x04
#define RUNS_MAX 4

struct settings {
	uint8_t window; /* and, in two high bits, the pace of the clock */
	uint8_t policy;
	uint8_t max_size;
	uint8_t remembered; /* four states of messages of long ago */
	uint8_t faults[2];
	uint8_t cuts;
	uint8_t mode; /* 1: kills; 2: hasty; 4: sizes remembered; 8: mbox */
};

static struct run run;
/* Letters that were there before this run. */
static size_t first_letter;

/* ---- promises --------------------------------------------------------------
 */

static const struct message *message_numbered(uint32_t number)
{
	for (size_t i = 0; i < run.maildrop.count; i++) {
		if (run.maildrop.messages[i].number == number)
			return &run.maildrop.messages[i];
	}
	return NULL;
}

void fake_on_dele(uint32_t number)
{
	const struct policy *policy = &run.account->policy;
	const struct message *message = message_numbered(number);

	PROMISE(policy->erase != ERASE_NEVER && !policy->keep);
	PROMISE(message != NULL && message->uid_length > 0);
	size_t position = (size_t)(message - run.maildrop.messages);

	PROMISE(run.plan.steps[position].erase);
	PROMISE(run.maildrop.count - position > policy->keep_newest);
	const struct fake_row *row = fake_store_row(&run.maildrop, message);

	PROMISE(row != NULL && row->state == MEMORY_KEPT);
	PROMISE(!fake_store_is_open());
	PROMISE(row->letter == FAKE_NO_LETTER ||
		fake_letters[row->letter].state == FAKE_PUBLISHED);
}

/* What the wire says to a command. */
struct answer {
	bool ok;
	bool complete;
	struct reference message; /* of a RETR that was answered +OK */
};

static bool is_indicator(const char *line, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && memcmp(line, word, n) == 0 &&
		(length == n || line[n] == ' ' || line[n] == '\t');
}

/* Reads on past the answer to a command; false when it goes no further. */
static bool read_answer(const char **wire, size_t *left, enum pop3_answer kind,
	struct answer *answer)
{
	static char room[FUZZ_MAX];
	size_t length;
	const char *line = reference_line(wire, left, POP3_STATUS_MAX, &length);

	*answer = (struct answer){.ok = false};
	if (line == NULL)
		return false;
	answer->ok = is_indicator(line, length, "+OK");
	if (!answer->ok && !is_indicator(line, length, "-ERR") &&
		!is_indicator(line, length, "+"))
		return false;
	answer->complete = !answer->ok || kind == POP3_SINGLE;
	if (answer->ok && kind == POP3_MESSAGE) {
		reference_message(*wire, *left, &answer->message, room);
		*wire += answer->message.taken;
		*left -= answer->message.taken;
		answer->complete = answer->message.ended;
	}
	while (answer->ok && kind == POP3_LISTING && !answer->complete) {
		line = reference_line(wire, left, POP3_LISTED_MAX, &length);
		if (line == NULL)
			return false;
		answer->complete = length == 1 && line[0] == '.';
	}
	return answer->complete;
}

/* The letter of a RETR, and the row that names it. */
static void check_letter(size_t i, const struct fake_command *command,
	const struct answer *answer, bool all_fetched)
{
	const struct fake_letter *letter = &fake_letters[i];
	const struct message *message = message_numbered(command->number);
	const struct fake_row *row = fake_store_row(&run.maildrop, message);
	uint64_t max = run.account->policy.max_size;
	bool too_large = max > 0 && answer->message.length > max;

	if (letter->whole) {
		PROMISE(answer->complete && !too_large);
		PROMISE(letter->length == answer->message.length);
		PROMISE(memcmp(fake_text(letter), answer->message.text,
				letter->length) == 0);
	}
	if (letter->state == FAKE_PUBLISHED)
		PROMISE(row != NULL && row->letter == i);
	if (all_fetched && !too_large) {
		PROMISE(letter->state == FAKE_PUBLISHED);
		PROMISE(row->state == MEMORY_KEPT ||
			row->state == MEMORY_ERASED);
	}
}

/* Every answer, read once more, against what became of it. */
static void check_answers(const struct session *session, bool all_fetched)
{
	const char *wire = session->wire;
	size_t left = session->size;
	size_t letter = first_letter;
	size_t erased = 0;
	uint32_t last = 0;
	struct answer answer = {.complete = true};

	for (size_t i = 0; i < session->command_count; i++) {
		const struct fake_command *command = &session->commands[i];
		bool more = answer.complete;

		if (command->verb == 'R') {
			/* Once for each, in their order. */
			PROMISE(command->number > last);
			PROMISE(message_numbered(command->number) != NULL);
			last = command->number;
		}
		answer.complete = false;
		if (!more)
			continue;
		read_answer(&wire, &left, command->answer, &answer);
		if (command->verb == 'R' && answer.ok &&
			letter < fake_letter_count)
			check_letter(letter++, command, &answer, all_fetched);
		if (command->verb == 'D' && answer.ok &&
			erased < run.erased_count) {
			const struct message *message =
				message_numbered(command->number);

			PROMISE(run.erased[erased++] ==
				(size_t)(message - run.maildrop.messages));
		}
	}
	PROMISE(letter == fake_letter_count);
	PROMISE(erased == run.erased_count);
}

static void check_rows(void)
{
	size_t count;
	const struct fake_row *rows = fake_store_rows(&count);

	PROMISE(!fake_store_is_open());
	for (size_t i = 0; i < count; i++) {
		if (rows[i].state != MEMORY_KEPT &&
			rows[i].state != MEMORY_ERASED)
			continue;
		PROMISE(rows[i].letter == FAKE_NO_LETTER ||
			fake_letters[rows[i].letter].state == FAKE_PUBLISHED);
	}
}

/* ---- a run, as fetch.c tells it --------------------------------------------
 */

static bool make_plan(const struct settings *settings, struct error *err)
{
	const struct policy *policy = &run.account->policy;

	fake_store_remember(
		&run.maildrop, settings->remembered, settings->mode & 4);
	if (!store_recall(run.store, &run.maildrop, &run.memories, err))
		return false;
	if (plan_needs_sizes(policy, &run.maildrop, run.memories) &&
		!listing_sizes(run.session, &run.maildrop, err))
		return false;
	run.plan = plan_make(policy, &run.maildrop, run.memories, run_now());
	return true;
}

static bool fetch_and_erase(bool *all_fetched, struct error *err)
{
	struct pipeline_event event;
	struct error unasked = {.kind = ERROR_NONE};

	*all_fetched = transfer_fetch(&run, err);
	if (*all_fetched && run.plan.fetches > 0) {
		/* Else answers may belong to other commands. */
		PROMISE(session_in_step(run.session, &unasked));
		PROMISE(run.batched == 0 && run.published_count == 0);
		PROMISE(run.session->pipeline.count == 0);
	}
	return *all_fetched && transfer_erase(&run, err) &&
		session_command(run.session, "QUIT", &event, err) &&
		event.answer.status == POP3_OK;
}

static void salvage(const struct error *err)
{
	struct error second = {.kind = ERROR_NONE};

	size_t believed = proof_believed(&run, err);

	delivery_drop(run.delivery);
	delivery_drop_last(run.delivery, run.batched - believed);
	run.batched = believed;
	if (batch_commit(&run, &second))
		batch_commit_kept(&run, &second);
}

static void record(bool erased)
{
	struct error err = {.kind = ERROR_NONE};
	bool ok = store_begin(run.store, &err) && batch_record_kept(&run, &err);

	for (size_t i = 0; ok && erased && i < run.erased_count; i++)
		ok = store_record_erased(run.store,
			run.memories[run.erased[i]].row, run_now(), &err);
	if (ok && run.tally->listed && run.memories != NULL)
		ok = store_record_listing(run.store, run_now(), &err);
	if (ok)
		store_commit(run.store, &err);
}

static void play(const struct settings *settings, struct session *session)
{
	static const uint64_t key[2] = {3, 4};
	struct error err = {.kind = ERROR_NONE};
	bool all_fetched = false;
	bool ok = batch_recover(&run, &err);

	run.session = session;
	first_letter = fake_letter_count;
	maildrop_init(&run.maildrop, key);
	if (ok && listing_uids(session, run.account, &run.maildrop, &err)) {
		run.tally->listed = true;
		ok = make_plan(settings, &err) &&
			fetch_and_erase(&all_fetched, &err);
		if (!ok && !fake_is_dead())
			salvage(&err);
		if (!fake_is_dead())
			record(ok);
	}
	if (fake_is_dead()) {
		fake_store_died();
		fake_delivery_died();
		fake_revive();
	}
	/* A batch that was given up is gone, and so is a message half come. */
	delivery_close(run.delivery);
	check_answers(session, all_fetched);
	check_rows();
}

static void run_reset(struct account *account,
	const struct fetch_options *options, struct progress *progress,
	struct tally *tally)
{
	memset(&run, 0, sizeof run);
	memset(tally, 0, sizeof *tally);
	run.account = account;
	run.options = options;
	run.progress = progress;
	run.tally = tally;
	run.store = fake_store();
	run.delivery = fake_delivery();
}

static void run_release(void)
{
	maildrop_release(&run.maildrop);
	plan_release(&run.plan);
	free(run.memories);
	free(run.erased);
}

static struct policy policy_of(const struct settings *settings)
{
	unsigned octet = settings->policy;

	return (struct policy){
		.erase = (enum erase_rule)((octet & 3) % 3),
		.keep = (octet >> 2 & 3) == 3,
		.keep_newest = octet >> 4 & 3,
		.after = (int64_t)(octet >> 6) * 200,
		.max_size = settings->max_size,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t windows[] = {PIPELINE_WINDOW, 1, 2, 7};
	static const volatile sig_atomic_t stop;
	static char server[] = "pop.example";
	static char path[] = "/mail";
	static char name[] = "fuzz";
	struct fetch_options options = {.stop = &stop};
	struct progress progress = {0};
	struct settings settings;
	struct tally tally;

	if (size < SETTINGS || size > FUZZ_MAX)
		return 0;
	memcpy(&settings, data, SETTINGS);
	const char *wire = (const char *)data + SETTINGS;
	struct account account = {
		.name = name,
		.server = server,
		.port = 110,
		.destination = settings.mode & 8 ? DESTINATION_MBOX
						 : DESTINATION_MAILDIR,
		.path = path,
		.policy = policy_of(&settings),
	};

	size -= SETTINGS;
	fake_clock = 1000000;
	fake_pace = settings.window >> 6;
	fake_store_reset();
	fake_delivery_reset();
	fake_faults(settings.faults[0], settings.faults[1], settings.mode & 1);
	for (unsigned i = 0; i < RUNS_MAX; i++) {
		const char *lost = size == 0 ? NULL : memchr(wire, LOST, size);
		size_t n = lost == NULL ? size : (size_t)(lost - wire);
		struct session *session =
			fake_session(wire, n, windows[settings.window & 3],
				settings.cuts * UINT32_C(2654435761),
				settings.mode & 2);

		run_reset(&account, &options, &progress, &tally);
		play(&settings, session);
		run_release();
		fake_session_end(session);
		fake_clock += 100;
		if (lost == NULL)
			break;
		wire += n + 1;
		size -= n + 1;
	}
	return 0;
}
