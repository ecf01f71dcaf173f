/* SPDX-License-Identifier: ISC */
/*
 * Whole runs: UIDL, LIST, RETR, DELE and QUIT through the real listing,
 * transfer, proof and ladder; session, store and delivery are models in memory
 * (fakes.h), with faults and kills.
 *
 * The input: eight bytes of settings, then what the server sends; LOST in it
 * ends a connection, and what follows is sent to the next run. Or, if the
 * settings say so, a description of the server of fake_server.c, whose answers
 * are correct except for one in a session.
 *
 * What must be true, in addition to what the fakes check (the order of the
 * commit ladder; nothing is fetched that is here; a row is "kept" only for what
 * is published):
 *   - with the server of fake_server.c, the message under any uid is the one
 *     that the server has under it;
 *   - what is published was proven: by a correct answer to its "UIDL n", in the
 *     form that this server uses; or because the server has none, and one
 *     command was in flight at a time; or, when the session broke off, because
 *     there was no pipeline or the listed sizes permit no other order; and only
 *     by such an answer once the server was seen out of step, in this run or
 *     the one before;
 *   - what is proven is published, if nothing fails here;
 *   - DELE is sent only for what is kept and published, under a policy that
 *     erases;
 *   - what is stored for a message is what a simple reading of the wire gives
 *     as the answer to its RETR;
 *   - RETR is sent once for a message, and only for planned ones;
 *   - if all was fetched, all of it is kept;
 *   - "erased" is recorded if DELE and QUIT were answered with +OK;
 *   - there are no errors with a server that makes none.
 */
#include <string.h>

#include "core/xalloc.h"
#include "engine/ladder.h"
#include "engine/listing.h"
#include "engine/transfer.h"
#include "fakes.h"
#include "io/process/now.h"
#include "io/store/store_message.h"
#include "io/store/store_recall.h"
#include "reference.h"

#define SETTINGS 8
#define LOST 0x04
#define RUNS_MAX 4

struct settings {
	uint8_t window; /* and, in the two high bits, the speed of the clock */
	uint8_t policy;
	uint8_t max_size;
	uint8_t remembered; /* four states of messages from earlier runs */
	uint8_t faults[2];
	uint8_t cuts;
	uint8_t mode; /* bits: 1: kills; 2: hasty; 4: sizes remembered; 8: mbox;
			 16: the server of fake_server.c; 32: one by one; 64:
			 everything sent arrives at once; 128: batches are
			 committed as late as possible */
};

static struct mailbox box;
static struct facts facts;
static struct memory *memories;
static struct finding *findings;
static struct plan plan;
static struct fates fates;
static struct ladder *ladder;
/* Settings of the input that are not part of the account. */
static enum restraint restraint;
/* The server was found to be out of step. */
static bool out_of_step;
/* The number of letters before this run. */
static size_t first_letter;
/* How it ended. */
static enum error_kind outcome;

/* ---- promises --------------------------------------------------------------
 */

static const struct message *message_numbered(uint32_t number)
{
	size_t likely = number > 0 ? number - 1 : 0;

	if (likely < box.maildrop.count &&
		box.maildrop.messages[likely].number == number)
		return &box.maildrop.messages[likely];
	for (size_t i = 0; i < box.maildrop.count; i++) {
		if (box.maildrop.messages[i].number == number)
			return &box.maildrop.messages[i];
	}
	return NULL;
}

void fake_on_dele(uint32_t number)
{
	const struct policy *policy = &box.account->policy;
	const struct message *message = message_numbered(number);

	PROMISE(policy->erase != ERASE_NEVER);
	PROMISE(restraint == RESTRAINT_NONE);
	PROMISE(message != NULL && message->uid_length > 0);
	size_t position = (size_t)(message - box.maildrop.messages);

	PROMISE(plan.steps[position].erase);
	PROMISE(box.maildrop.count - position > policy->keep_newest);
	const struct fake_row *row = fake_store_row(&box.maildrop, message);

	PROMISE(row != NULL && row->state == MEMORY_KEPT);
	PROMISE(!fake_store_is_open());
	PROMISE(row->letter == FAKE_NO_LETTER ||
		fake_letters[row->letter].state == FAKE_PUBLISHED);
	/* A message kept here is the one that the server will erase. */
	if (box.session->served)
		PROMISE(fake_server_is_uid(
			number, maildrop_uid(&box.maildrop, message)));
}

/* The answer to a command. */
struct answer {
	bool ok;
	bool complete;
	const char *text; /* of the status line, after the indicator */
	size_t length;
	struct reference message; /* of a RETR that was answered +OK */
};

static bool is_indicator(const char *line, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && memcmp(line, word, n) == 0 &&
		(length == n || line[n] == ' ' || line[n] == '\t');
}

/* Reads the answer to a command; false if reading cannot continue. */
static bool read_answer(const char **wire, size_t *left, enum pop3_answer kind,
	struct answer *answer)
{
	static char room[FAKE_WIRE_MAX];
	size_t length;
	const char *line = reference_line(wire, left, POP3_STATUS_MAX, &length);

	*answer = (struct answer){.ok = false};
	if (line == NULL)
		return false;
	answer->ok = is_indicator(line, length, "+OK");
	if (!answer->ok && !is_indicator(line, length, "-ERR"))
		return false;
	if (answer->ok && length > 4) {
		answer->text = line + 4;
		answer->length = length - 4;
	}
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

/* ---- proofs ----------------------------------------------------------------
 */

/* A complete letter, and what must be proven before it may be published. */
struct claim {
	size_t letter;
	size_t position;
	uint64_t octets;
};

static struct claim claims[FAKE_LETTERS_MAX];
static size_t claim_count;
/* How the server has answered UIDL n so far, also in earlier runs. */
static enum pop3_uidl_form known_form;
/*
 * The message for which UIDL was refused, and NOOP must still tell why; 0:
 * none.
 */
static uint32_t refused_number;

/* Removes spaces and TABs around it. */
static void trim(const char **text, size_t *length)
{
	while (*length > 0 && memchr(" \t", **text, 2) != NULL) {
		++*text;
		--*length;
	}
	while (*length > 0 && memchr(" \t", (*text)[*length - 1], 2) != NULL)
		--*length;
}

/* Is this message's uid unique? */
static bool is_unique(const struct message *message)
{
	size_t length = message->uid_length;
	const char *uid = maildrop_uid(&box.maildrop, message).bytes;

	for (size_t i = 0; i < box.maildrop.count; i++) {
		const struct message *other = &box.maildrop.messages[i];

		if (other != message && other->uid_length == length &&
			memcmp(maildrop_uid(&box.maildrop, other).bytes, uid,
				length) == 0)
			return false;
	}
	return true;
}

/*
 * In which form does "UIDL n" have the answer that this message must give, if
 * any?
 */
static enum pop3_uidl_form form_of(const struct answer *answer, uint32_t number)
{
	const struct message *message = message_numbered(number);
	const char *uid = maildrop_uid(&box.maildrop, message).bytes;
	const char *text = answer->text;
	size_t left = answer->length;
	uint64_t said = 0;

	trim(&text, &left);
	if (!answer->ok || left == 0)
		return POP3_UIDL_UNKNOWN;
	bool alone = left == message->uid_length &&
		memcmp(text, uid, left) == 0 && is_unique(message);

	for (; left > 0 && *text >= '0' && *text <= '9'; text++, left--) {
		said = said * 10 + (uint64_t)(*text - '0');
		if (said > INT32_MAX)
			break;
	}
	if (said == number && left > 0 && memchr(" \t", *text, 2) != NULL) {
		trim(&text, &left);
		/* Text after the uid is ignored. */
		if (left >= message->uid_length &&
			memcmp(text, uid, message->uid_length) == 0 &&
			(left == message->uid_length ||
				memchr(" \t", text[message->uid_length], 2) !=
					NULL))
			return POP3_UIDL_LISTED;
	}
	return alone ? POP3_UIDL_ALONE : POP3_UIDL_UNKNOWN;
}

/* Is nothing of it about to be published, or is it what it must be? */
static bool is_shown(const struct claim *claim)
{
	enum fake_letter_state state = fake_letters[claim->letter].state;

	return state == FAKE_SEALED || state == FAKE_LEFT ||
		state == FAKE_PUBLISHED;
}

/* Everything that came so far is proven. */
static void claims_proven(void)
{
	for (size_t i = 0; i < claim_count && !fake_has_failed(); i++)
		PROMISE(fake_letters[claims[i].letter].state == FAKE_PUBLISHED);
	claim_count = 0;
}

/*
 * Suppose that this many answers too many (or too few) arrived somewhere before
 * or between these letters: would each have the size listed for the message
 * that it would then be?
 */
static bool fits(const size_t *fetched, size_t fetches, size_t first, int shift)
{
	for (size_t i = first; i < claim_count; i++) {
		size_t at = 0;

		while (fetched[at] != claims[i].position)
			at++;
		if ((shift < 0 && at < (size_t)-shift) ||
			(shift > 0 && at + (size_t)shift >= fetches))
			return false;
		at = shift < 0 ? at - (size_t)-shift : at + (size_t)shift;
		if (box.maildrop.messages[fetched[at]].size != claims[i].octets)
			return false;
	}
	return true;
}

/* How many of the claims, in order, do the listed sizes prove? */
static size_t claims_of_size(void)
{
	static size_t fetched[FAKE_COMMANDS_MAX];
	size_t fetches = 0;
	size_t believed = claim_count;

	for (size_t i = 0; i < plan.count; i++) {
		if (plan.steps[i].fetch)
			fetched[fetches++] = i;
	}
	if (!fits(fetched, fetches, 0, 0))
		return 0;
	for (int shift = -PROOF_GROUP_MAX; shift <= PROOF_GROUP_MAX; shift++) {
		while (shift != 0 && believed > 0 &&
			fits(fetched, fetches, believed - 1, shift))
			believed--;
	}
	return believed;
}

/* The session is over, and these were never proven. */
static void claims_unproven(void)
{
	size_t believed = 0;

	/* From a server without proofs, with one command at a time. */
	if (box.proof.form == POP3_UIDL_NONE && !box.proof.learnt) {
		PROMISE(claim_count == 0 || !session_pipelines(box.session));
		claim_count = 0;
	}
	if (outcome != ERROR_PROTOCOL && !box.proof.one_by_one)
		believed = session_pipelines(box.session) ? claims_of_size()
							  : claim_count;
	for (size_t i = believed; i < claim_count; i++)
		PROMISE(!is_shown(&claims[i]));
	claim_count = 0;
}

/* Checks the letter of a RETR, and the row that names it. */
static void check_letter(size_t i, const struct fake_command *command,
	const struct answer *answer, bool all_fetched)
{
	const struct fake_letter *letter = &fake_letters[i];
	const struct message *message = message_numbered(command->number);
	const struct fake_row *row = fake_store_row(&box.maildrop, message);
	uint64_t max = box.account->policy.max_size;
	bool too_large = max > 0 && answer->message.length > max;

	if (letter->whole) {
		PROMISE(answer->complete && !too_large);
		PROMISE(letter->length == answer->message.length);
		PROMISE(memcmp(fake_text(letter), answer->message.text,
				letter->length) == 0);
		claims[claim_count++] = (struct claim){i,
			(size_t)(message - box.maildrop.messages),
			answer->message.octets};
	}
	if (letter->state == FAKE_PUBLISHED)
		PROMISE(row != NULL && row->letter == i);
	if (all_fetched && !too_large) {
		PROMISE(letter->state == FAKE_PUBLISHED);
		PROMISE(row->state == MEMORY_KEPT ||
			row->state == MEMORY_ERASED);
	}
}

/* Checks the answer to "UIDL n"; false if the server is out of step. */
static bool check_proof(
	const struct fake_command *command, const struct answer *answer)
{
	enum pop3_uidl_form form = form_of(answer, command->number);

	if (form != POP3_UIDL_UNKNOWN &&
		(known_form == POP3_UIDL_UNKNOWN || known_form == form) &&
		!box.proof.learnt) {
		claims_proven();
		known_form = form;
		return true;
	}
	/* It may support UIDL only without a number: NOOP tells. */
	if (answer->complete && !answer->ok &&
		known_form == POP3_UIDL_UNKNOWN &&
		!session_pipelines(box.session)) {
		refused_number = command->number;
		return true;
	}
	PROMISE(outcome != ERROR_NONE);
	return false;
}

/*
 * Checks the answer to NOOP; false if it is the one that UIDL n should have
 * had.
 */
static bool check_noop(const struct answer *answer)
{
	if (refused_number > 0 &&
		form_of(answer, refused_number) == POP3_UIDL_UNKNOWN) {
		claims_proven();
		refused_number = 0;
		return true;
	}
	PROMISE(outcome != ERROR_NONE);
	return false;
}

/* Checks every answer, read once more, against what became of it. */
static void check_answers(const struct session *session, bool all_fetched)
{
	const char *wire = session->wire;
	size_t left = session->size;
	size_t letter = first_letter;
	size_t erased = 0;
	uint32_t last = 0;
	enum pop3_uidl_form first_form = known_form;
	struct answer answer = {.complete = true};

	for (size_t i = 0; i < session->command_count; i++) {
		const struct fake_command *command = &session->commands[i];
		bool more = answer.complete;

		if (command->verb == 'R') {
			/* Once for each message, in order. */
			PROMISE(command->number > last);
			PROMISE(message_numbered(command->number) != NULL);
			last = command->number;
		}
		/* If it proves nothing, it is not sent. */
		PROMISE(first_form != POP3_UIDL_NONE || command->verb != 'U' ||
			command->number == 0);
		answer.complete = false;
		if (!more)
			continue;
		read_answer(&wire, &left, command->answer, &answer);
		if (command->verb == 'U' && command->number > 0)
			answer.complete = answer.complete &&
				check_proof(command, &answer);
		if (command->verb == 'N')
			answer.complete =
				answer.complete && check_noop(&answer);
		if (command->verb == 'R' && answer.ok &&
			letter < fake_letter_count)
			check_letter(letter++, command, &answer, all_fetched);
		if (command->verb == 'D' && answer.ok &&
			erased < fates.accepted) {
			const struct message *message =
				message_numbered(command->number);

			erased++;
			PROMISE(fates.at[message - box.maildrop.messages]
					.accepted);
		}
	}
	claims_unproven();
	PROMISE(letter == fake_letter_count);
	PROMISE(erased == fates.accepted);
}

static void check_row(const struct fake_row *row, bool served)
{
	const struct fake_letter *letter = &fake_letters[row->letter];

	PROMISE(letter->state == FAKE_PUBLISHED);
	if (served)
		PROMISE(fake_server_is_text(fake_store_uid(row),
			fake_text(letter), letter->length));
}

static void check_rows(bool served)
{
	size_t count;
	const struct fake_row *rows = fake_store_rows(&count);

	PROMISE(!fake_store_is_open());
	for (size_t i = 0; i < count; i++) {
		if (rows[i].letter != FAKE_NO_LETTER &&
			(rows[i].state == MEMORY_KEPT ||
				rows[i].state == MEMORY_ERASED))
			check_row(&rows[i], served);
	}
}

/* ---- a run, as fetch.c tells it --------------------------------------------
 */

static bool make_plan(
	const struct settings *settings, bool first, struct error *err)
{
	const struct policy *policy = &box.account->policy;

	if (first)
		fake_store_remember(&box.maildrop, settings->remembered,
			settings->mode & 4);
	if (!maildrop_index(&box.maildrop, err) ||
		!store_recall(box.store, &box.maildrop, &memories, err))
		return false;
	findings = xcalloc(box.maildrop.count, sizeof findings[0]);
	if (plan_needs_sizes(policy, &box.maildrop, memories) &&
		!listing_sizes(box.session, &box.maildrop, err))
		return false;
	box.clock = (struct clock){.now = now_seconds()};
	facts = (struct facts){.policy = policy,
		.maildrop = &box.maildrop,
		.memories = memories,
		.findings = findings,
		.clock = box.clock,
		.restraint = restraint};
	plan = plan_make(&facts);
	fates_init(&fates, plan.count);
	return ladder_begin(ladder, &facts, &plan, &fates, err);
}

static bool fetch_and_erase(
	struct transfer *transfer, bool *all_fetched, struct error *err)
{
	struct error unasked = {.kind = ERROR_NONE};

	*all_fetched = transfer_fetch(transfer, err);
	if (*all_fetched && plan.fetches > 0) {
		/* Otherwise, answers may belong to other commands. */
		PROMISE(session_in_step(box.session, &unasked));
		PROMISE(ladder_unproven(ladder) == 0);
		for (size_t i = first_letter; i < fake_letter_count; i++)
			PROMISE(fake_letters[i].state == FAKE_PUBLISHED ||
				fake_letters[i].state == FAKE_GONE);
		PROMISE(box.session->pipeline.count == 0);
	}
	return *all_fetched && transfer_erase(transfer, false, err);
}

static void salvage(const struct error *err)
{
	struct error second = {.kind = ERROR_NONE};
	struct ladder_rest rest = ladder_weigh(ladder, err, &second);

	out_of_step = plan.steps != NULL && !box.proof.learnt &&
		(err->kind == ERROR_PROTOCOL ||
			(rest.doubtful > 0 &&
				rest.believed + fates.fetched == 0));
	ladder_salvage(ladder, &rest, &second);
}

static void record(void)
{
	struct store_listing listing = {.memories = memories,
		.findings = findings,
		.count = box.maildrop.count};
	struct error err = {.kind = ERROR_NONE};
	bool ok = store_begin(box.store, &err) &&
		ladder_record_kept(ladder, &err);

	for (size_t i = 0; ok && fates.erased > 0 && i < fates.count; i++) {
		int64_t row = fates.at[i].state == FATE_KEPT ? fates.at[i].row
							     : memories[i].row;

		if (fates.at[i].accepted)
			ok = store_record_erased(
				box.store, row, now_seconds(), &err);
	}
	if (ok && box.listed && memories != NULL)
		ok = store_record_listing(
			box.store, &listing, now_seconds(), &err);
	if (ok)
		store_commit(box.store, &err);
}

/* Runs the session, with the destination open; false: something failed. */
static bool meet(const struct settings *settings, bool first, bool *all_fetched,
	struct error *err)
{
	struct transfer transfer = {.mailbox = &box,
		.facts = &facts,
		.plan = &plan,
		.fates = &fates,
		.ladder = ladder};
	bool ok;

	if (!listing_uids(box.session, box.account, &box.maildrop, err))
		return false;
	box.listed = true;
	ok = make_plan(settings, first, err) &&
		fetch_and_erase(&transfer, all_fetched, err);
	transfer_release(&transfer);
	outcome = err->kind;
	if (!ok && !fake_is_dead())
		salvage(err);
	if (!fake_is_dead())
		record();
	return ok;
}

static void play(
	const struct settings *settings, struct session *session, bool first)
{
	static const uint64_t key[2] = {3, 4};
	struct error err = {.kind = ERROR_NONE};
	bool all_fetched = false;
	bool ok;

	ladder = ladder_open(&box, &err);
	box.session = session;
	if (box.proof.one_by_one)
		session_forgo_pipelining(session);
	first_letter = fake_letter_count;
	maildrop_init(&box.maildrop, key);
	ok = ladder != NULL && meet(settings, first, &all_fetched, &err);
	if (fake_is_dead()) {
		fake_store_died();
		fake_delivery_died();
		ladder_close(ladder);
		fake_revive();
	} else {
		/* A batch that was given up is removed, as is an incomplete
		 * message. */
		ladder_close(ladder);
	}
	check_answers(session, all_fetched);
	check_rows(session->served);
	if (session->served && fake_server_is_honest() && !fake_has_failed())
		PROMISE(ok && err.kind == ERROR_NONE);
}

static void reset(struct account *account, const struct run_options *options,
	struct progress *progress)
{
	box = (struct mailbox){.account = account,
		.options = options,
		.progress = progress,
		.store = fake_store()};
	facts = (struct facts){.policy = NULL};
	memories = NULL;
	findings = NULL;
	plan = (struct plan){.count = 0};
	fates = (struct fates){.count = 0};
	out_of_step = false;
	outcome = ERROR_NONE;
	claim_count = 0;
	refused_number = 0;
}

static void release(void)
{
	maildrop_release(&box.maildrop);
	plan_release(&plan);
	fates_release(&fates);
	free(memories);
	free(findings);
}

static struct policy policy_of(const struct settings *settings)
{
	unsigned octet = settings->policy;

	return (struct policy){
		.erase = (enum erase_rule)((octet & 3) % 3),
		.keep_newest = octet >> 4 & 3,
		.after = (int64_t)(octet >> 6) * 200,
		.max_size = settings->max_size,
	};
}

/* What the server is generated from, run by run. */
struct input {
	const char *wire;
	size_t size;
	bool served;
};

/* Begins the session of the next run. */
static struct session *next_session(
	const struct settings *settings, struct input *input)
{
	static const size_t windows[] = {PIPELINE_WINDOW, 1, 2, 7};
	size_t window = windows[settings->window & 3];
	uint32_t cuts = settings->cuts * UINT32_C(2654435761);
	const char *lost = NULL;
	size_t n = input->size;

	if (input->served) {
		n = fake_server_connect(
			(const uint8_t *)input->wire, input->size);
	} else {
		lost = n == 0 ? NULL : memchr(input->wire, LOST, n);
		n = lost == NULL ? n : (size_t)(lost - input->wire);
	}
	struct session *session = fake_session(input->wire,
		input->served ? 0 : n, window, cuts, settings->mode & 2);

	/*
	 * Without a pipeline everything is believed, unless the server was out
	 * of step before: bytes that come too late to be recognised as
	 * unsolicited would go unnoticed.
	 */
	session->prompt = settings->mode & 64;
	if (input->served)
		fake_session_serve(session,
			settings->mode & 2 ||
				(window == 1 && !box.proof.one_by_one) ||
				!fake_server_is_provable());
	n += lost != NULL;
	input->wire += n;
	input->size -= n;
	return session;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const volatile sig_atomic_t stop;
	static char server[] = "pop.example";
	static char path[] = "/mail";
	static char name[] = "fuzz";
	struct run_options options = {.stop = &stop};
	struct progress progress = {0};
	struct settings settings;

	if (size < SETTINGS || size > FUZZ_MAX)
		return 0;
	memcpy(&settings, data, SETTINGS);
	struct input input = {(const char *)data + SETTINGS, size - SETTINGS,
		settings.mode & 16};
	struct account account = {
		.name = name,
		.server.host = server,
		.server.port = 110,
		.destination.kind = settings.mode & 8 ? DESTINATION_MBOX
						      : DESTINATION_MAILDIR,
		.destination.path = path,
		.policy = policy_of(&settings),
	};
	bool one_by_one = settings.mode & 32;
	enum pop3_uidl_form form = POP3_UIDL_UNKNOWN;

	if (input.served) {
		size_t n = fake_server_reset(
			(const uint8_t *)input.wire, input.size);

		input.wire += n;
		input.size -= n;
	}
	restraint = (settings.policy >> 2 & 3) == 3 ? RESTRAINT_KEEP
						    : RESTRAINT_NONE;
	fake_clock = 1000000;
	fake_pace = settings.window >> 6;
	fake_background_is_late = settings.mode & 128;
	fake_store_reset();
	fake_delivery_reset();
	fake_faults(settings.faults[0], settings.faults[1], settings.mode & 1);
	for (unsigned i = 0; i < RUNS_MAX; i++) {
		reset(&account, &options, &progress);
		box.proof.one_by_one = one_by_one;
		box.proof.form = known_form = form;
		struct session *session = next_session(&settings, &input);

		play(&settings, session, i == 0);
		one_by_one = one_by_one || out_of_step;
		form = box.proof.form;
		release();
		fake_session_end(session);
		fake_clock += 100;
		if (input.size == 0)
			break;
	}
	return 0;
}
