/* SPDX-License-Identifier: ISC */
#include "engine/moved.h"

#include <stdlib.h>
#include <string.h>

#include "core/search.h"
#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/mailbox.h"
#include "io/mail/local.h"
#include "io/store/store_copy.h"
#include "io/store/store_others.h"

/* A header, and how many messages on record have it. */
struct header_count {
	const unsigned char *sha256; /* borrowed */
	size_t messages;
};

struct headers {
	struct header_count *at; /* owned; sorted by sha256 */
	size_t count;
	bool complete; /* the records of all accounts have been counted */
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(((const struct header_count *)a)->sha256,
		((const struct header_count *)b)->sha256, LETTER_DIGEST);
}

/* Returns the entry for this header, or NULL. */
static struct header_count *find_header(
	const struct headers *headers, const unsigned char *sha256)
{
	struct header_count wanted = {.sha256 = sha256};
	size_t at = search_first(
		&wanted, headers->at, headers->count, sizeof wanted, by_sha256);

	return at < headers->count ? &headers->at[at] : NULL;
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
 * Counts how often the header of each missing message is on record with any
 * account, since several accounts may fetch the same mailbox or deliver to the
 * same place.
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

/* Is this letter certainly the only message on record with its header? */
static bool is_unique(
	const struct headers *headers, const struct letter *letter)
{
	const struct header_count *found =
		headers->complete && letter->identified
		? find_header(headers, letter->header_sha256)
		: NULL;

	return found != NULL && found->messages == 1;
}

/*
 * A Maildir's messages may be anywhere below it, local and trash, in files that
 * are not on record. Those of an mbox are searched only in that mbox.
 */
static bool look_for_moved(struct local *local, struct mailbox *mailbox,
	const struct moved *moved, struct error *err)
{
	const struct account *account = mailbox->account;

	if (!local_look(local, moved->path, account->copies.trash, true, err))
		return false;
	if (moved->letters[0].length > 0)
		return true;
	if ((account->copies.local != NULL &&
		    !local_look(local, account->copies.local,
			    account->copies.trash, true, err)) ||
		(account->copies.trash != NULL &&
			!local_look(local, account->copies.trash,
				account->copies.trash, true, err)))
		return false;
	return copies_read_strangers(
		local, mailbox->store, mailbox->options->stop, err);
}

/* Is path equal to top or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 &&
		(path[n] == '\0' || path[n] == '/');
}

/*
 * Does an account deliver there whose records are in another state directory?
 * Its copy of a message would look like ours. If places are nested, the
 * innermost one that contains path counts.
 */
static bool is_unrecorded(
	const struct account *account, const char *own, const char *path)
{
	size_t ours = is_below(path, own) ? strlen(own) : 0;

	for (size_t i = 0; i < account->copies.unrecorded_count; i++) {
		const char *other = account->copies.unrecorded[i];

		if (is_below(path, other) && strlen(other) >= ours)
			return true;
	}
	return false;
}

struct search {
	const struct account *account;
	const struct moved *moved;
	struct local *local;
	struct headers headers;
};

/* Could this copy belong to another account? */
static bool is_doubtful(struct search *search, const struct letter *letter)
{
	char *path = local_path(search->local, letter);
	bool doubtful = path == NULL ||
		is_unrecorded(search->account, search->moved->path, path);

	free(path);
	return doubtful;
}

/*
 * Is there a copy under the letter's own name or, in an mbox, with its header?
 */
static bool verify_in_place(
	struct search *search, const struct letter *letter, bool only)
{
	bool maildir = letter->length == 0;

	if (!maildir &&
		(!only ||
			is_unrecorded(search->account, search->moved->path,
				search->moved->path)))
		return false;
	return local_verify(search->local, letter) == LOCAL_HERE;
}

/* Looks for a copy under another name, and sets *letter to it. */
static bool find_filed(struct search *search, struct letter *letter)
{
	struct letter filed;
	enum local_state state =
		local_find_filed(search->local, letter, &filed);

	if ((state != LOCAL_HERE && state != LOCAL_TRASHED) ||
		filed.length > 0 || is_doubtful(search, &filed) ||
		local_verify(search->local, &filed) != LOCAL_HERE)
		return false;
	*letter = filed;
	return true;
}

/* Looks for a copy that cannot belong to another message. */
static bool find_copy(struct search *search, struct letter *letter)
{
	bool only = is_unique(&search->headers, letter);

	return verify_in_place(search, letter, only) ||
		(letter->length == 0 && only && find_filed(search, letter));
}

bool moved_find(struct mailbox *mailbox, struct moved *moved, struct error *err)
{
	struct search search = {.account = mailbox->account, .moved = moved};
	size_t missing = 0;

	for (size_t i = 0; i < moved->count; i++)
		missing += !moved->arrived[i];
	if (missing == 0)
		return true;
	search.local = local_new(NULL);
	bool ok = look_for_moved(search.local, mailbox, moved, err) &&
		count_headers(&search.headers, mailbox, moved, err);

	for (size_t i = 0; ok && i < moved->count; i++)
		moved->arrived[i] = moved->arrived[i] ||
			find_copy(&search, &moved->letters[i]);
	free(search.headers.at);
	local_free(search.local);
	return ok;
}
