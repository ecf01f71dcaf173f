/* SPDX-License-Identifier: ISC */
#include "engine/moved.h"

#include <stdlib.h>
#include <string.h>

#include "engine/claims.h"
#include "engine/copies.h"
#include "engine/mailbox.h"
#include "io/mail/local.h"

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

struct search {
	const struct account *account;
	const struct moved *moved;
	struct local *local;
	struct claims claims;
};

/* Could this copy belong to another account? */
static bool is_doubtful(struct search *search, const struct letter *letter)
{
	char *path = local_path(search->local, letter);
	bool doubtful = path == NULL ||
		claims_are_unknown(search->account, search->moved->path, path);

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
			claims_are_unknown(search->account, search->moved->path,
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
	/* Its own row is on record as arriving. */
	bool only = claims_are(&search->claims, letter, 1);

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
		(mailbox->account->keep_duplicates ||
			claims_read(&search.claims, mailbox->account,
				mailbox->store, err));

	for (size_t i = 0; ok && i < moved->count; i++)
		moved->arrived[i] = moved->arrived[i] ||
			find_copy(&search, &moved->letters[i]);
	claims_release(&search.claims);
	local_free(search.local);
	return ok;
}
