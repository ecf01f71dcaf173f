/* SPDX-License-Identifier: ISC */
#include "engine/identity.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "engine/headers.h"
#include "io/process/log.h"

/* So many of the uids that may have been used again, by nothing that LIST says,
 * are looked at in a run. */
#define SUSPECTS_MAX 1000

struct inquiry {
	struct run *run;
	size_t *positions;		  /* owned; ascending */
	struct headers_identity *answers; /* owned; one for each */
	size_t count;
};

static void ask(struct inquiry *inquiry, size_t position)
{
	inquiry->positions = xreallocarray(inquiry->positions,
		inquiry->count + 1, sizeof inquiry->positions[0]);
	inquiry->positions[inquiry->count++] = position;
}

/* Asks for the headers; each answer is proven when this returns true. */
static bool inquire(struct inquiry *inquiry, struct error *err)
{
	inquiry->answers = xcalloc(inquiry->count, sizeof inquiry->answers[0]);
	return headers_identify(inquiry->run, inquiry->positions,
		inquiry->count, inquiry->answers, err);
}

static void inquiry_release(struct inquiry *inquiry)
{
	free(inquiry->positions);
	free(inquiry->answers);
}

/* ---- uids that were used again --------------------------------------------
 */

/* Does LIST tell another size than it did? */
static bool has_other_size(const struct run *run, size_t i)
{
	const struct memory *memory = &run->memories[i];
	uint64_t size = run->maildrop.messages[i].size;

	return size != MAILDROP_SIZE_UNKNOWN &&
		memory->size != MAILDROP_SIZE_UNKNOWN && size != memory->size;
}

/* May the uid stand for another message than it did? */
static bool is_suspect(const struct run *run, size_t i)
{
	const struct memory *memory = &run->memories[i];

	if (!memory->identified)
		return false;
	switch (memory->state) {
	case MEMORY_NONE:
	case MEMORY_ARRIVING:
	case MEMORY_SEEN:
		return false;
	case MEMORY_KEPT:
		return memory->vanished || has_other_size(run, i);
	case MEMORY_ERASED:
		/* Once it was seen to be the same, it is left alone until it
		 * comes back. */
		return memory->vanished || !memory->returned ||
			has_other_size(run, i);
	}
	return false;
}

static bool judge_suspect(struct run *run, size_t position,
	const struct headers_identity *answer, struct error *err)
{
	struct memory *memory = &run->memories[position];
	unsigned char sha256[LETTER_DIGEST];
	bool known = false;

	/* Its own header said enough, so one that does not is another's. */
	memory->reused = answer->answered && !answer->known;
	if (!answer->known)
		return true;
	if (!store_header(run->store, memory->row, sha256, &known, err))
		return false;
	if (!known)
		return true;
	memory->same = memcmp(sha256, answer->sha256, sizeof sha256) == 0 &&
		identity_is_near(
			memory->size, run->maildrop.messages[position].size);
	memory->reused = !memory->same;
	return true;
}

/*
 * Where no header tells: on a server that says other sizes of the same message
 * from time to time, another one says nothing. Of what is only seen no header
 * was ever known, and only quite another size tells.
 */
static void judge_by_size(struct run *run)
{
	bool loose = store_has_loose_sizes(run->store, run_now());

	for (size_t i = 0; i < run->maildrop.count; i++) {
		struct memory *memory = &run->memories[i];
		bool near = identity_is_near(
			memory->size, run->maildrop.messages[i].size);

		if (memory->state == MEMORY_SEEN)
			memory->reused = !near;
		else
			memory->loose = loose && near &&
				memory->state == MEMORY_KEPT &&
				!memory->vanished;
	}
}

static bool record_judged(struct run *run, size_t i, struct error *err)
{
	struct memory *memory = &run->memories[i];
	bool returned = memory->state == MEMORY_ERASED && memory->same &&
		!memory->returned;
	bool size = memory->same && has_other_size(run, i);

	memory->returned |= returned;
	run->loose |= size;
	if (size)
		memory->size = run->maildrop.messages[i].size;
	return (!returned ||
		       store_record_returned(
			       run->store, memory->row, run_now(), err)) &&
		(!size ||
			store_record_size(
				run->store, memory->row, memory->size, err));
}

/* Some servers tell another size of the same message from time to time. */
static bool record_all_judged(struct run *run, struct error *err)
{
	bool begun = false;

	for (size_t i = 0; i < run->maildrop.count; i++) {
		const struct memory *memory = &run->memories[i];

		if (!memory->same ||
			(!has_other_size(run, i) &&
				(memory->state != MEMORY_ERASED ||
					memory->returned)))
			continue;
		if (!begun && !store_begin(run->store, err))
			return false;
		begun = true;
		if (!record_judged(run, i, err))
			return false;
	}
	return !begun || store_commit(run->store, err);
}

/*
 * Another size mostly means that it would be fetched, and to ask for its header
 * is never dearer than that.
 */
static bool is_pressing(const struct run *run, size_t i)
{
	return has_other_size(run, i) &&
		!(store_has_loose_sizes(run->store, run_now()) &&
			identity_is_near(run->memories[i].size,
				run->maildrop.messages[i].size));
}

/*
 * Those that are pressing, and of the others so many in each run, beginning
 * anywhere: some may never be proven, and shall not keep the rest from it.
 */
static void choose_suspects(struct run *run, struct inquiry *inquiry)
{
	size_t others = 0;
	size_t n = 0;

	for (size_t i = 0; i < run->maildrop.count; i++)
		others += is_suspect(run, i) && !is_pressing(run, i);
	size_t first = others > SUSPECTS_MAX
		? (size_t)run_now() * SUSPECTS_MAX % others
		: 0;

	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (!is_suspect(run, i))
			continue;
		if (is_pressing(run, i) ||
			(n++ + others - first) % others < SUSPECTS_MAX)
			ask(inquiry, i);
	}
}

static bool check_reuse(struct run *run, struct error *err)
{
	struct inquiry inquiry = {.run = run};
	bool ok;

	choose_suspects(run, &inquiry);
	ok = inquire(&inquiry, err);
	for (size_t i = 0; ok && i < inquiry.count; i++)
		ok = judge_suspect(
			run, inquiry.positions[i], &inquiry.answers[i], err);
	inquiry_release(&inquiry);
	if (!ok)
		return false;
	judge_by_size(run);
	return run->options->dry_run || record_all_judged(run, err);
}

/* ---- uids that were all given anew ----------------------------------------
 */

/* A row without a copy (see store_give_up) is waiting for this very uid. */
static bool is_unknown(const struct run *run, size_t i)
{
	return run->memories[i].state == MEMORY_NONE &&
		run->memories[i].row == 0 &&
		run->maildrop.messages[i].uid_length > 0;
}

/*
 * Most of what was known is not listed any more, and about as much is listed
 * that is unknown. A mailbox that its owner emptied has less that is new, and
 * to look at some headers for nothing costs little.
 */
static bool is_reset(const struct run *run, size_t *unknown)
{
	size_t lost = store_lost_count(run->store);
	size_t known = 0;

	*unknown = 0;
	for (size_t i = 0; i < run->maildrop.count; i++) {
		known += run->memories[i].state == MEMORY_KEPT;
		*unknown += is_unknown(run, i);
	}
	return lost > 0 && lost > known && *unknown > 0 && *unknown >= lost / 2;
}

static int by_header(const void *a, const void *b)
{
	const struct store_lost *x = a;
	const struct store_lost *y = b;

	return memcmp(x->header_sha256, y->header_sha256, LETTER_DIGEST);
}

bool identity_is_near(uint64_t a, uint64_t b)
{
	if (a == MAILDROP_SIZE_UNKNOWN || b == MAILDROP_SIZE_UNKNOWN)
		return true;
	return (a > b ? a - b : b - a) <= 1024 + a / 16;
}

/* The one that is this message, by size best; NULL: none is. */
static struct store_lost *find_lost(struct store_lost *lost, size_t count,
	const struct headers_identity *answer, uint64_t size)
{
	struct store_lost *found = NULL;
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(lost[middle].header_sha256, answer->sha256,
			    LETTER_DIGEST) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count &&
		memcmp(lost[low].header_sha256, answer->sha256,
			LETTER_DIGEST) == 0;
		low++) {
		/* Row 0 is none: it was taken. */
		if (lost[low].row == 0 ||
			!identity_is_near(lost[low].size, size))
			continue;
		if (found == NULL || lost[low].size == size)
			found = &lost[low];
	}
	return found;
}

/*
 * Which of what is listed was known under another uid; *found says how many.
 * Records it, or only counts.
 */
static bool rebind(struct run *run, const struct inquiry *inquiry,
	struct store_lost *lost, size_t count, bool records, size_t *found,
	struct error *err)
{
	const struct maildrop *maildrop = &run->maildrop;
	bool ok = !records || store_begin(run->store, err);

	*found = 0;
	for (size_t i = 0; ok && i < inquiry->count; i++) {
		const struct headers_identity *answer = &inquiry->answers[i];
		const struct message *message =
			&maildrop->messages[inquiry->positions[i]];
		struct store_lost *one = !answer->known
			? NULL
			: find_lost(lost, count, answer, message->size);

		if (one == NULL)
			continue;
		ok = !records ||
			store_rebind(run->store, one->row,
				maildrop_uid(maildrop, message), message->size,
				err);
		one->row = 0;
		++*found;
	}
	return ok && (!records || store_commit(run->store, err));
}

/* Asks for the headers of what is listed and unknown. */
static bool inquire_unknown(
	struct run *run, struct inquiry *inquiry, struct error *err)
{
	*inquiry = (struct inquiry){.run = run};
	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (is_unknown(run, i))
			ask(inquiry, i);
	}
	return inquire(inquiry, err);
}

/*
 * How many of what is unknown are known by their headers. *tells: is it so that
 * most of them, and most of what is lost, have headers to be known by?
 */
static bool find_again(struct run *run, bool records, size_t *found,
	bool *tells, struct error *err)
{
	struct inquiry inquiry;
	struct store_lost *lost = NULL;
	size_t count = 0;
	bool ok = inquire_unknown(run, &inquiry, err) &&
		store_lost(run->store, &lost, &count, err);

	size_t known = 0;

	*found = 0;
	for (size_t i = 0; ok && i < inquiry.count; i++)
		known += inquiry.answers[i].known;
	*tells = ok && known > inquiry.count / 2 &&
		count > store_lost_count(run->store) / 2;
	if (ok && count > 0) {
		qsort(lost, count, sizeof lost[0], by_header);
		ok = rebind(run, &inquiry, lost, count, records, found, err);
	}
	free(lost);
	inquiry_release(&inquiry);
	return ok;
}

static bool match(struct run *run, size_t unknown, struct error *err)
{
	size_t found;
	bool tells;

	if (!find_again(run, true, &found, &tells, err))
		return false;
	/* Else it is other mail, of which the headers tell enough. */
	if (found > 0 || !tells)
		store_expect_moved(run->store);
	if (found == 0)
		return true;
	log_line(LOG_SUMMARY,
		"the server gave its messages new uids: %zu are known again by "
		"their headers, %zu are new",
		found, unknown - found);
	free(run->memories);
	run->memories = NULL;
	return store_recall(run->store, &run->maildrop, &run->memories, err);
}

/*
 * on-uid-reset = stop: only if some of it is known by its header, or nobody can
 * tell. Else it is other mail, as where a server shows a part at a time.
 */
static bool stop(struct run *run, size_t unknown, struct error *err)
{
	size_t found;
	bool tells;

	if (!find_again(run, false, &found, &tells, err))
		return false;
	if (found == 0 && tells)
		return true;
	return error_set(err, ERROR_DATA,
		"of the messages known on %s:%u, %zu are no longer listed, and %zu unknown ones are: it gave them new uids, or this is another mailbox. Nothing was fetched or erased (on-uid-reset = stop); set it to match to find them again by their headers",
		run->account->server, run->account->port,
		store_lost_count(run->store), unknown);
}

static bool check_reset(struct run *run, struct error *err)
{
	size_t unknown;

	if (!is_reset(run, &unknown))
		return true;
	/* Until that is done, what vanished is not on record as such. */
	run->identifying = run->account->uid_reset != UID_RESET_REFETCH;
	switch (run->account->uid_reset) {
	case UID_RESET_REFETCH:
		return true;
	case UID_RESET_STOP:
		if (!stop(run, unknown, err))
			return false;
		break;
	case UID_RESET_MATCH:
		if (run->options->dry_run)
			log_line(LOG_SUMMARY,
				"the server seems to have given its messages "
				"new uids: a fetch would find them again by "
				"their headers first");
		else if (!match(run, unknown, err))
			return false;
		break;
	}
	run->identifying = false;
	return true;
}

bool identity_check(struct run *run, struct error *err)
{
	return check_reset(run, err) && check_reuse(run, err);
}

bool identity_unknown(struct run *run,
	bool (*visit)(void *data, size_t position,
		const unsigned char sha256[LETTER_DIGEST], struct error *err),
	void *data, struct error *err)
{
	struct inquiry inquiry;
	bool ok = inquire_unknown(run, &inquiry, err);

	for (size_t i = 0; ok && i < inquiry.count; i++) {
		const struct headers_identity *answer = &inquiry.answers[i];

		ok = !answer->known ||
			visit(data, inquiry.positions[i], answer->sha256, err);
	}
	inquiry_release(&inquiry);
	return ok;
}
