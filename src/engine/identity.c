/* SPDX-License-Identifier: ISC */
#include "engine/identity.h"

#include <stdlib.h>
#include <string.h>

#include "core/search.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/headers.h"
#include "io/process/log.h"
#include "io/store/store_copy.h"
#include "io/store/store_identity.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_recall.h"

/*
 * At most this many uids that may have been reused, though LIST shows no
 * difference, are checked in a run.
 */
#define SUSPECTS_MAX 1000

struct inquiry {
	struct mailbox *mailbox;
	size_t *positions;		  /* owned; ascending */
	struct headers_identity *answers; /* owned; one for each */
	size_t count;
};

static void add_position(struct inquiry *inquiry, size_t position)
{
	inquiry->positions = xreallocarray(inquiry->positions,
		inquiry->count + 1, sizeof inquiry->positions[0]);
	inquiry->positions[inquiry->count++] = position;
}

/* Requests the headers; on success all answers are proven. */
static bool request_headers(struct inquiry *inquiry, struct error *err)
{
	inquiry->answers = xcalloc(inquiry->count, sizeof inquiry->answers[0]);
	return headers_identify(inquiry->mailbox, inquiry->positions,
		inquiry->count, inquiry->answers, err);
}

static void inquiry_release(struct inquiry *inquiry)
{
	free(inquiry->positions);
	free(inquiry->answers);
}

/* Does LIST report another size than the recorded one? */
static bool has_other_size(const struct facts *facts, size_t i)
{
	uint64_t known = facts->memories[i].size;
	uint64_t size = facts->maildrop->messages[i].size;

	return size != MAILDROP_SIZE_UNKNOWN &&
		known != MAILDROP_SIZE_UNKNOWN && size != known;
}

static bool is_near(const struct facts *facts, size_t i)
{
	return identity_is_near(
		facts->memories[i].size, facts->maildrop->messages[i].size);
}

/* May the uid now stand for another message? */
static bool is_suspect(const struct facts *facts, size_t i)
{
	const struct memory *memory = &facts->memories[i];

	if (!memory->identified)
		return false;
	switch (memory->state) {
	case MEMORY_NONE:
	case MEMORY_ARRIVING:
	case MEMORY_SEEN:
		return false;
	case MEMORY_KEPT:
		return memory->vanished || has_other_size(facts, i);
	case MEMORY_ERASED:
		/* Once found to be the same message, it is not checked again
		 * until it vanishes and returns. */
		return memory->vanished || !memory->returned ||
			has_other_size(facts, i);
	}
	return false;
}

static bool judge_suspect(struct knowledge *knowledge, struct store *store,
	size_t position, const struct headers_identity *answer,
	struct error *err)
{
	struct finding *finding = &knowledge->findings[position];
	unsigned char sha256[LETTER_DIGEST];
	bool known = false;

	/* The recorded message has an identifying header, so one without cannot
	 * be the same. */
	if (answer->answered && !answer->known)
		finding->identity = IDENTITY_OTHER;
	if (!answer->known)
		return true;
	if (!store_header(store, knowledge->memories[position].row, sha256,
		    &known, err))
		return false;
	if (!known)
		return true;
	bool same = memcmp(sha256, answer->sha256, sizeof sha256) == 0 &&
		is_near(&knowledge->facts, position);

	finding->identity = same ? IDENTITY_SAME : IDENTITY_OTHER;
	return true;
}

/*
 * Sizes decide where headers do not. On a server that reports varying sizes for
 * one message, a slightly different size means nothing. For messages only
 * recorded as seen no header is known, so only a clearly different size counts.
 */
static void judge_by_size(struct knowledge *knowledge, bool loose)
{
	const struct facts *facts = &knowledge->facts;

	for (size_t i = 0; i < facts->maildrop->count; i++) {
		const struct memory *memory = &facts->memories[i];
		struct finding *finding = &knowledge->findings[i];

		if (memory->state == MEMORY_SEEN)
			finding->identity = is_near(facts, i) ? IDENTITY_UNKNOWN
							      : IDENTITY_OTHER;
		else
			finding->loose = loose && is_near(facts, i) &&
				memory->state == MEMORY_KEPT &&
				!memory->vanished;
	}
}

/* Records that a known message is listed again or has another size. */
static bool record_judged(const struct facts *facts, struct mailbox *mailbox,
	size_t i, struct error *err)
{
	const struct memory *memory = &facts->memories[i];
	bool returned = memory->state == MEMORY_ERASED && !memory->returned;
	bool size = has_other_size(facts, i);

	mailbox->loose_sizes |= size;
	return (!returned ||
		       store_record_returned(mailbox->store, memory->row,
			       mailbox->clock.now, err)) &&
		(!size ||
			store_record_size(mailbox->store, memory->row,
				facts->maildrop->messages[i].size, err));
}

static bool record_all_judged(
	const struct facts *facts, struct mailbox *mailbox, struct error *err)
{
	bool begun = false;

	for (size_t i = 0; i < facts->maildrop->count; i++) {
		const struct memory *memory = &facts->memories[i];

		if (facts->findings[i].identity != IDENTITY_SAME ||
			(!has_other_size(facts, i) &&
				(memory->state != MEMORY_ERASED ||
					memory->returned)))
			continue;
		if (!begun && !store_begin(mailbox->store, err))
			return false;
		begun = true;
		if (!record_judged(facts, mailbox, i, err))
			return false;
	}
	return !begun || store_commit(mailbox->store, err);
}

/*
 * A different size usually means that the message will be fetched, and its
 * header never costs more than that.
 */
static bool is_pressing(const struct facts *facts, bool loose, size_t i)
{
	return has_other_size(facts, i) && !(loose && is_near(facts, i));
}

/*
 * Chooses all pressing suspects, and a limited number of the others. Those
 * start at a different point in each run, since some may never be decided and
 * must not keep the rest from being checked.
 */
static void choose_suspects(
	const struct facts *facts, bool loose, struct inquiry *inquiry)
{
	size_t others = 0;
	size_t n = 0;

	for (size_t i = 0; i < facts->maildrop->count; i++)
		others += is_suspect(facts, i) && !is_pressing(facts, loose, i);
	size_t first = others > SUSPECTS_MAX
		? (size_t)facts->clock.now * SUSPECTS_MAX % others
		: 0;

	for (size_t i = 0; i < facts->maildrop->count; i++) {
		if (!is_suspect(facts, i))
			continue;
		if (is_pressing(facts, loose, i) ||
			(n++ + others - first) % others < SUSPECTS_MAX)
			add_position(inquiry, i);
	}
}

static bool check_reuse(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	const struct facts *facts = &knowledge->facts;
	struct inquiry inquiry = {.mailbox = mailbox};
	bool loose = store_has_loose_sizes(mailbox->store, mailbox->clock.now);
	bool ok;

	choose_suspects(facts, loose, &inquiry);
	ok = request_headers(&inquiry, err);
	for (size_t i = 0; ok && i < inquiry.count; i++)
		ok = judge_suspect(knowledge, mailbox->store,
			inquiry.positions[i], &inquiry.answers[i], err);
	inquiry_release(&inquiry);
	if (!ok)
		return false;
	judge_by_size(knowledge, loose);
	return mailbox->options->dry_run ||
		record_all_judged(facts, mailbox, err);
}

/* A row without a copy (see store_disown_copy) is waiting for this uid. */
static bool is_unknown(const struct facts *facts, size_t i)
{
	return facts->memories[i].state == MEMORY_NONE &&
		facts->memories[i].row == 0 &&
		facts->maildrop->messages[i].uid_length > 0;
}

/*
 * Is most of what was known no longer listed, and about as much unknown mail
 * listed? A mailbox that its owner emptied has less new mail; and requesting a
 * few headers in vain costs little.
 */
static bool is_reset(const struct facts *facts, size_t lost, size_t *unknown)
{
	size_t known = 0;

	*unknown = 0;
	for (size_t i = 0; i < facts->maildrop->count; i++) {
		known += facts->memories[i].state == MEMORY_KEPT;
		*unknown += is_unknown(facts, i);
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

/*
 * Returns the lost message with this header, preferably of the same size; NULL
 * if there is none.
 */
static struct store_lost *find_lost(struct store_lost *lost, size_t count,
	const struct headers_identity *answer, uint64_t size)
{
	struct store_lost wanted = {.row = 0};
	struct store_lost *found = NULL;

	memcpy(wanted.header_sha256, answer->sha256, LETTER_DIGEST);
	for (size_t i = search_first(
		     &wanted, lost, count, sizeof wanted, by_header);
		i < count && by_header(&lost[i], &wanted) == 0; i++) {
		/* Row 0: already matched. */
		if (lost[i].row == 0 || !identity_is_near(lost[i].size, size))
			continue;
		if (found == NULL || lost[i].size == size)
			found = &lost[i];
	}
	return found;
}

struct search {
	struct mailbox *mailbox;
	const struct facts *facts;
	bool records; /* records the matches; else only counts them */
	size_t found;
	/* Most of the unknown and most of the lost messages have identifying
	 * headers. */
	bool tells;
};

/* Matches listed unknown messages with those known under other uids. */
static bool rebind(struct search *search, const struct inquiry *inquiry,
	struct store_lost *lost, size_t count, struct error *err)
{
	const struct maildrop *maildrop = search->facts->maildrop;
	struct store *store = search->mailbox->store;
	bool ok = !search->records || store_begin(store, err);

	for (size_t i = 0; ok && i < inquiry->count; i++) {
		const struct headers_identity *answer = &inquiry->answers[i];
		const struct message *message =
			&maildrop->messages[inquiry->positions[i]];
		struct store_lost *one = !answer->known
			? NULL
			: find_lost(lost, count, answer, message->size);

		if (one == NULL)
			continue;
		ok = !search->records ||
			store_rebind(store, one->row,
				maildrop_uid(maildrop, message), message->size,
				err);
		one->row = 0;
		search->found++;
	}
	return ok && (!search->records || store_commit(store, err));
}

/* Requests the headers of the messages that are listed but unknown. */
static bool request_unknown(const struct facts *facts, struct mailbox *mailbox,
	struct inquiry *inquiry, struct error *err)
{
	*inquiry = (struct inquiry){.mailbox = mailbox};
	for (size_t i = 0; i < facts->maildrop->count; i++) {
		if (is_unknown(facts, i))
			add_position(inquiry, i);
	}
	return request_headers(inquiry, err);
}

/* Matches the unknown messages by their headers and counts the matches. */
static bool match_headers(struct search *search, struct error *err)
{
	struct store *store = search->mailbox->store;
	struct inquiry inquiry;
	struct store_lost *lost = NULL;
	size_t count = 0;
	size_t known = 0;
	bool ok = request_unknown(
			  search->facts, search->mailbox, &inquiry, err) &&
		store_lost(store, &lost, &count, err);

	for (size_t i = 0; ok && i < inquiry.count; i++)
		known += inquiry.answers[i].known;
	search->tells = ok && known > inquiry.count / 2 &&
		count > store_lost_count(store) / 2;
	if (ok && count > 0) {
		qsort(lost, count, sizeof lost[0], by_header);
		ok = rebind(search, &inquiry, lost, count, err);
	}
	free(lost);
	inquiry_release(&inquiry);
	return ok;
}

static bool match_lost(struct knowledge *knowledge, struct mailbox *mailbox,
	size_t unknown, struct error *err)
{
	struct search search = {.mailbox = mailbox,
		.facts = &knowledge->facts,
		.records = true};

	if (!match_headers(&search, err))
		return false;
	/* Otherwise the headers show that it is other mail. */
	if (search.found > 0 || !search.tells)
		store_expect_new_uids(mailbox->store);
	if (search.found == 0)
		return true;
	log_line(LOG_SUMMARY,
		"the server assigned new uids: %zu %s matched by header, %zu %s new",
		search.found,
		text_plural(search.found, "message was", "messages were"),
		unknown - search.found,
		text_plural(unknown - search.found, "is", "are"));
	free(knowledge->memories);
	knowledge->memories = NULL;
	knowledge->facts.memories = NULL;
	if (!store_recall(mailbox->store, &mailbox->maildrop,
		    &knowledge->memories, err))
		return false;
	knowledge->facts.memories = knowledge->memories;
	return true;
}

/*
 * on-uid-reset = stop: fails only if some messages are recognised by their
 * headers, or if the headers do not suffice. Otherwise it is other mail, as on
 * a server that shows part of the mailbox at a time.
 */
static bool stop_on_reset(struct knowledge *knowledge, struct mailbox *mailbox,
	size_t unknown, struct error *err)
{
	struct search search = {.mailbox = mailbox, .facts = &knowledge->facts};
	size_t lost = store_lost_count(mailbox->store);

	if (!match_headers(&search, err))
		return false;
	if (search.found == 0 && search.tells)
		return true;
	return error_set(err, ERROR_DATA,
		"%s:%u no longer lists %zu known %s and lists %zu unknown %s: it assigned new uids, or this is another mailbox. Nothing was fetched or deleted (on-uid-reset = stop); set it to match to match them by header",
		mailbox->account->server.host, mailbox->account->server.port,
		lost, text_plural(lost, "message", "messages"), unknown,
		text_plural(unknown, "one", "ones"));
}

static bool check_reset(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	size_t unknown;

	if (!is_reset(&knowledge->facts, store_lost_count(mailbox->store),
		    &unknown))
		return true;
	/* Until this is done, lost messages are not recorded as vanished. */
	knowledge->identifying =
		mailbox->account->uid_reset != UID_RESET_REFETCH;
	switch (mailbox->account->uid_reset) {
	case UID_RESET_REFETCH:
		return true;
	case UID_RESET_STOP:
		if (!stop_on_reset(knowledge, mailbox, unknown, err))
			return false;
		break;
	case UID_RESET_MATCH:
		if (mailbox->options->dry_run)
			log_line(LOG_SUMMARY,
				"the server seems to have assigned new uids: a fetch would first match messages by header");
		else if (!match_lost(knowledge, mailbox, unknown, err))
			return false;
		break;
	}
	knowledge->identifying = false;
	return true;
}

bool identity_check(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	return check_reset(knowledge, mailbox, err) &&
		check_reuse(knowledge, mailbox, err);
}

bool identity_unknown(const struct knowledge *knowledge,
	struct mailbox *mailbox, const struct identity_visitor *visitor,
	struct error *err)
{
	struct inquiry inquiry;
	bool ok = request_unknown(&knowledge->facts, mailbox, &inquiry, err);

	for (size_t i = 0; ok && i < inquiry.count; i++) {
		const struct headers_identity *answer = &inquiry.answers[i];

		ok = !answer->known ||
			visitor->visit(visitor->data, inquiry.positions[i],
				answer->sha256, err);
	}
	inquiry_release(&inquiry);
	return ok;
}
