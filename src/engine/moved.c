/* SPDX-License-Identifier: ISC */
#include "engine/moved.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/mailbox.h"
#include "io/mail/local.h"

/* A header, and how many messages on record have it. */
struct header_count {
	const unsigned char *sha256; /* borrowed */
	size_t messages;
};

struct headers {
	struct header_count *at; /* owned; by sha256 */
	size_t count;
	bool complete; /* no account's record is missing in it */
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(((const struct header_count *)a)->sha256,
		((const struct header_count *)b)->sha256, LETTER_DIGEST);
}

/* The first with this header; NULL: it is none of them. */
static struct header_count *find_header(
	const struct headers *headers, const unsigned char *sha256)
{
	struct header_count wanted = {.sha256 = sha256};
	struct header_count *found = headers->count == 0
		? NULL
		: bsearch(&wanted, headers->at, headers->count, sizeof wanted,
			  by_sha256);

	while (found != NULL && found > headers->at &&
		by_sha256(found - 1, &wanted) == 0)
		found--;
	return found;
}

static void count_header(void *data, const unsigned char sha256[LETTER_DIGEST])
{
	struct header_count *found = find_header(data, sha256);

	if (found != NULL)
		found->messages++;
}

static bool count_in_other(void *data, const char *name, struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};

	(void)name;
	return store_headers(store, count_header, data, &ignored);
}

/*
 * How often is each header of what is missing on record, with any account? Some
 * fetch the same mailbox, or into the same place.
 */
static bool count_headers(struct headers *headers, struct mailbox *mailbox,
	const struct moved *moved, struct error *err)
{
	const struct account *account = mailbox->account;

	headers->at = xcalloc(moved->count, sizeof headers->at[0]);
	for (size_t i = 0; i < moved->count; i++) {
		const struct letter *letter = &moved->letters[i];

		if (!moved->arrived[i] && letter->identified)
			headers->at[headers->count++].sha256 =
				letter->header_sha256;
	}
	if (headers->count == 0 || account->keep_duplicates)
		return true;
	qsort(headers->at, headers->count, sizeof headers->at[0], by_sha256);
	if (!store_headers(mailbox->store, count_header, headers, err))
		return false;
	headers->complete = store_each_other(
		account->state, account->name, count_in_other, headers);
	return true;
}

/* Has no other message on record the letter's header, for all that is known? */
static bool is_only_one(
	const struct headers *headers, const struct letter *letter)
{
	const struct header_count *found =
		headers->complete && letter->identified
		? find_header(headers, letter->header_sha256)
		: NULL;

	return found != NULL && found->messages == 1;
}

/*
 * A Maildir's letters may be anywhere below it, local and trash, in files that
 * no record knows; an mbox's are looked for in that mbox alone.
 */
static bool look_for_moved(struct local *local, struct mailbox *mailbox,
	const struct moved *moved, struct error *err)
{
	const struct account *account = mailbox->account;

	if (!local_look(local, moved->path, account->trash, true, err))
		return false;
	if (moved->letters[0].length > 0)
		return true;
	if ((account->local != NULL &&
		    !local_look(local, account->local, account->trash, true,
			    err)) ||
		(account->trash != NULL &&
			!local_look(local, account->trash, account->trash, true,
				err)))
		return false;
	return copies_read_strangers(
		local, mailbox->store, mailbox->options->stop, err);
}

/* The letter as it lies now, if a copy of it is there; only: no other message
 * has its header. */
static bool find_moved(struct local *local, struct letter *letter, bool only)
{
	bool named = letter->length == 0;
	struct letter filed;

	if ((named || only) && local_verify(local, letter) == LOCAL_HERE)
		return true;
	if (!named || !only)
		return false;
	enum local_state state = local_find_filed(local, letter, &filed);

	if ((state != LOCAL_HERE && state != LOCAL_TRASHED) ||
		filed.length > 0 || local_verify(local, &filed) != LOCAL_HERE)
		return false;
	*letter = filed;
	return true;
}

bool moved_find(struct mailbox *mailbox, struct moved *moved, struct error *err)
{
	struct headers headers = {.count = 0};
	size_t missing = 0;

	for (size_t i = 0; i < moved->count; i++)
		missing += !moved->arrived[i];
	if (missing == 0)
		return true;
	struct local *local = local_new(NULL);
	bool ok = look_for_moved(local, mailbox, moved, err) &&
		count_headers(&headers, mailbox, moved, err);

	for (size_t i = 0; ok && i < moved->count; i++) {
		struct letter *letter = &moved->letters[i];

		moved->arrived[i] = moved->arrived[i] ||
			find_moved(
				local, letter, is_only_one(&headers, letter));
	}
	free(headers.at);
	local_free(local);
	return ok;
}
