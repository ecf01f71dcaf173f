/* SPDX-License-Identifier: ISC */
#include "commands/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "commands/copies.h"
#include "commands/identity.h"
#include "core/xalloc.h"
#include "io/local.h"
#include "io/log.h"

/* A copy that was read. */
struct copy {
	struct letter letter;
	int64_t since;
	bool taken;
};

struct rebuild {
	struct copy *copies; /* owned; by header once they are sorted */
	size_t count;
	size_t room;
};

static bool add_copy(void *data, const struct letter *letter, int64_t since,
	struct error *err)
{
	struct rebuild *rebuild = data;

	(void)err;
	if (!letter->identified)
		return true;
	if (rebuild->count == rebuild->room) {
		rebuild->room = rebuild->room > 0 ? rebuild->room * 2 : 256;
		rebuild->copies = xreallocarray(rebuild->copies, rebuild->room,
			sizeof rebuild->copies[0]);
	}
	rebuild->copies[rebuild->count++] =
		(struct copy){.letter = *letter, .since = since};
	return true;
}

static int by_header(const void *a, const void *b)
{
	return memcmp(((const struct copy *)a)->letter.header_sha256,
		((const struct copy *)b)->letter.header_sha256, LETTER_DIGEST);
}

bool rebuild_read(struct run *run, struct error *err)
{
	struct rebuild *rebuild = xcalloc(1, sizeof *rebuild);
	struct local *local = local_new(NULL);

	run->rebuild = rebuild;
	bool ok = copies_look(local, run->account, run->store, true, err) &&
		local_read(local, add_copy, rebuild, run->options->stop, err);

	local_free(local);
	if (ok && rebuild->count > 0)
		qsort(rebuild->copies, rebuild->count,
			sizeof rebuild->copies[0], by_header);
	return ok;
}

/*
 * Nothing but its size says that it was not cut off since: a server counts each
 * LF as two octets, or, some do, as one.
 */
static bool is_whole(const struct letter *letter, uint64_t size)
{
	return size == letter->octets + letter->lines || size == letter->octets;
}

/* The copy of a message with this header and its size; NULL: none. */
static struct copy *find_copy(struct rebuild *rebuild,
	const unsigned char sha256[LETTER_DIGEST], uint64_t size)
{
	struct copy wanted = {.taken = false};

	if (rebuild->count == 0)
		return NULL;
	memcpy(wanted.letter.header_sha256, sha256, LETTER_DIGEST);
	struct copy *found = bsearch(&wanted, rebuild->copies, rebuild->count,
		sizeof rebuild->copies[0], by_header);
	struct copy *end = rebuild->copies + rebuild->count;

	while (found != NULL && found > rebuild->copies &&
		by_header(found - 1, &wanted) == 0)
		found--;
	while (found != NULL && found < end && by_header(found, &wanted) == 0) {
		if (!found->taken && is_whole(&found->letter, size))
			return found;
		found++;
	}
	return NULL;
}

static bool take_header(void *data, size_t position,
	const unsigned char sha256[LETTER_DIGEST], struct error *err)
{
	struct run *run = data;
	const struct message *message = &run->maildrop.messages[position];
	struct store_place place = {
		run->account->destination, run->account->path};
	struct copy *copy = find_copy(run->rebuild, sha256, message->size);
	int64_t now = run_now();
	int64_t since;
	int64_t row;

	if (copy == NULL)
		return true;
	copy->taken = true;
	run->tally->rebuilt++;
	if (run->options->dry_run)
		return true;
	/* Its days count from when it came; a time to come is none. */
	since = copy->since > 0 && copy->since < now ? copy->since : now;
	return store_record_arriving(run->store, &run->maildrop, message,
		       &copy->letter, &place, now, &row, err) &&
		store_record_kept(run->store, row, since, err);
}

bool rebuild_match(struct run *run, struct error *err)
{
	bool dry = run->options->dry_run;

	return (dry || store_begin(run->store, err)) &&
		identity_unknown(run, take_header, run, err) &&
		(dry || store_commit(run->store, err));
}

void rebuild_release(struct run *run)
{
	if (run->rebuild != NULL)
		free(run->rebuild->copies);
	free(run->rebuild);
	run->rebuild = NULL;
}

bool rebuild_is_not_due(struct run *run, struct error *err)
{
	const struct account *account = run->account;
	struct store_place place = {account->destination, account->path};
	struct error unseen = {.kind = ERROR_NONE};
	bool fresh;

	/* Nothing in an mbox says who wrote it: see duplicate_prepare. */
	if (account->destination != DESTINATION_MAILDIR)
		return true;
	if (!store_is_fresh(run->store, &fresh, err))
		return false;
	if (!fresh)
		return true;
	struct local *local = local_new(NULL);
	/* What cannot be looked at will be told when it is delivered to. */
	bool any = local_look(local, account->path, NULL, true, &unseen) &&
		local_has_ours(local);

	local_free(local);
	/* After the look: mail is on record somewhere before it can be seen. */
	return !any || store_is_shared(account->state, account->name, &place) ||
		error_set(err, ERROR_DATA,
			"nothing is on record of %s, yet keepmail put mail into "
			"%s before, which would all be fetched again: run "
			"keepmail rebuild %s, which finds out what is here",
			account->name, account->path, account->name);
}
