/* SPDX-License-Identifier: ISC */
#include "engine/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "core/search.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/identity.h"
#include "io/mail/destination.h"
#include "io/mail/local.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_copy.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_message.h"
#include "io/store/store_others.h"
#include "io/store/store_place.h"
#include "io/store/store_seen.h"

/* A local copy that was read. */
struct copy {
	struct letter letter;
	int64_t since;
	bool taken;
};

struct rebuild {
	struct mailbox *mailbox; /* borrowed */
	uint64_t rebuilt;
	bool begun;	     /* a transaction */
	struct copy *copies; /* owned; sorted by header after reading */
	size_t count;
	size_t room;
};

struct reading {
	struct rebuild *rebuild;
	const volatile sig_atomic_t *stop;
};

static bool add_copy(void *data, const struct letter *letter, int64_t since,
	struct error *err)
{
	const struct reading *reading = data;
	struct rebuild *rebuild = reading->rebuild;

	if (*reading->stop)
		return error_set(err, ERROR_TEMPORARY, "stopped by a signal");
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

struct others {
	const struct account *account;
	struct local *local;
	char *renamed; /* owned; unconfigured account with this mailbox */
	bool knows_place;
};

static void know_name(void *data, const char *name)
{
	local_know(data, name);
}

static bool is_configured(const struct account *account, const char *name)
{
	for (size_t i = 0; i < account->name_count; i++) {
		if (strcmp(account->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool check_other(void *data, const char *name, struct store *store)
{
	struct others *others = data;
	const struct account *account = others->account;
	struct store_place place = {
		account->destination.kind, account->destination.path};
	struct error ignored = {.kind = ERROR_NONE};

	bool ok = store_names(store, know_name, others->local, &ignored);

	others->knows_place |= store_knows_place(store, &place);
	if (others->renamed == NULL && !is_configured(account, name) &&
		store_is_mailbox(
			store, account->server.host, account->login.user))
		others->renamed = xstrdup(name);
	return ok;
}

void rebuild_free(struct rebuild *rebuild)
{
	if (rebuild != NULL)
		free(rebuild->copies);
	free(rebuild);
}

static bool can_read(const struct account *account, struct error *err)
{
	if (account->destination.rewrite.encrypt != NULL)
		return error_set(err, ERROR_CONFIG,
			"account %s encrypts its mail, so that which message is which cannot be read here: keepmail mark-seen %s marks all that is on the server as fetched, even what never was; or, to fetch everything again, move the mail in %s elsewhere",
			account->name, account->name,
			account->destination.path);
	return account_is_place(account->destination.kind) ||
		error_set(err, ERROR_CONFIG,
			"account %s hands its mail over to %s, where it cannot be read again: keepmail mark-seen %s marks what is on the server as fetched",
			account->name, account->destination.path,
			account->name);
}

struct rebuild *rebuild_read(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;
	struct rebuild *rebuild = xcalloc(1, sizeof *rebuild);
	struct local *local = local_new(NULL);
	struct others others = {.account = account, .local = local};
	struct reading reading = {rebuild, mailbox->options->stop};
	bool ok = can_read(account, err) &&
		copies_look(local, account, mailbox->store, true, err);

	rebuild->mailbox = mailbox;
	/* A copy that is on record with another account is not ours. */
	if (ok &&
		!store_each_other(
			account->state, account->name, check_other, &others))
		ok = error_set(err, ERROR_DATA,
			"the store of another account in %s cannot be read, so the owner of the mail in %s cannot be determined: nothing was rebuilt. keepmail status shows which store",
			account->state, account->destination.path);
	free(others.renamed);
	ok = ok && local_read(local, add_copy, &reading, err);
	local_free(local);
	if (!ok) {
		rebuild_free(rebuild);
		return NULL;
	}
	if (rebuild->count > 0)
		qsort(rebuild->copies, rebuild->count,
			sizeof rebuild->copies[0], by_header);
	return rebuild;
}

static bool is_near(uint64_t size, uint64_t counted, uint64_t less)
{
	return size <= counted && size + less >= counted;
}

/*
 * Only the size shows whether the copy was truncated. Servers count each LF as
 * two bytes, or, some of them, as one; some do not count the end of the last
 * line; and an mbox may have an empty line after the header that the server
 * does not count.
 */
static bool is_whole(const struct letter *letter, uint64_t size)
{
	return is_near(size, letter->octets + letter->lines, 4) ||
		is_near(size, letter->octets, 2);
}

/* Returns the copy with this header and size, or NULL. */
static struct copy *find_copy_of(struct rebuild *rebuild,
	const unsigned char sha256[LETTER_DIGEST], uint64_t size)
{
	struct copy wanted = {.taken = false};

	memcpy(wanted.letter.header_sha256, sha256, LETTER_DIGEST);
	for (size_t i = search_first(&wanted, rebuild->copies, rebuild->count,
		     sizeof wanted, by_header);
		i < rebuild->count &&
		by_header(&rebuild->copies[i], &wanted) == 0;
		i++) {
		struct copy *copy = &rebuild->copies[i];

		if (!copy->taken && copy->letter.identified &&
			is_whole(&copy->letter, size))
			return copy;
	}
	return NULL;
}

/*
 * Begins the transaction, once all headers have been received: it must not stay
 * open while the server is waited for.
 */
static bool begin(struct rebuild *rebuild, struct error *err)
{
	struct mailbox *mailbox = rebuild->mailbox;

	if (rebuild->begun || mailbox->options->dry_run)
		return true;
	rebuild->begun = store_begin(mailbox->store, err);
	return rebuild->begun;
}

static bool record_match(void *data, size_t position,
	const unsigned char sha256[LETTER_DIGEST], struct error *err)
{
	struct rebuild *rebuild = data;
	struct mailbox *mailbox = rebuild->mailbox;
	const struct account *account = mailbox->account;
	const struct message *message = &mailbox->maildrop.messages[position];
	struct copy *copy = find_copy_of(rebuild, sha256, message->size);
	int64_t now = now_seconds();
	int64_t row;

	if (copy == NULL)
		return true;
	copy->taken = true;
	rebuild->rebuilt++;
	if (mailbox->options->dry_run)
		return true;
	if (!begin(rebuild, err))
		return false;
	/* Its age counts from when it was received; a date in the future is
	 * ignored. */
	int64_t since =
		copy->since > 0 && copy->since < now ? copy->since : now;
	struct store_arrival arrival = {
		.uid = maildrop_uid(&mailbox->maildrop, message),
		.size = message->size,
		.letter = &copy->letter,
		.place = {account->destination.kind, account->destination.path},
		.now = now,
	};

	/* With also, what is here was handed over. */
	return store_record_arriving(mailbox->store, &arrival, &row, err) &&
		(account->destination.onward.kind == DESTINATION_NONE ||
			store_note_handed(mailbox->store, row, err)) &&
		store_record_kept(mailbox->store, row, since, err);
}

/*
 * Records the copies that match no listed message, so that if one of them is
 * fetched after all, its text is recognised and not stored again.
 */
static bool record_others(const struct rebuild *rebuild, struct error *err)
{
	struct mailbox *mailbox = rebuild->mailbox;
	const struct account *account = mailbox->account;
	struct store_place place = {
		account->destination.kind, account->destination.path};
	size_t others = 0;

	for (size_t i = 0; i < rebuild->count; i++) {
		const struct copy *copy = &rebuild->copies[i];

		if (copy->taken ||
			!destination_is_ours(
				account->destination.kind, &copy->letter))
			continue;
		others++;
		if (!mailbox->options->dry_run &&
			!store_record_unlisted(mailbox->store, &copy->letter,
				&place, now_seconds(), err))
			return false;
	}
	if (others > 0)
		log_line(LOG_SUMMARY,
			"%zu %s here did not match any message on the server; if the same text is fetched, it is not stored again",
			others, text_plural(others, "message", "messages"));
	return true;
}

bool rebuild_match(struct rebuild *rebuild, const struct knowledge *knowledge,
	uint64_t *rebuilt, struct error *err)
{
	struct mailbox *mailbox = rebuild->mailbox;
	const struct identity_visitor visitor = {record_match, rebuild};
	bool ok = identity_unknown(knowledge, mailbox, &visitor, err) &&
		begin(rebuild, err) && record_others(rebuild, err) &&
		(!rebuild->begun || store_commit(mailbox->store, err));

	*rebuilt = rebuild->rebuilt;
	return ok;
}

/* Is there mail that this account may have put there? */
static bool has_mail(const struct others *others)
{
	const struct account *account = others->account;

	/* In an mbox, nothing shows which program wrote a message. */
	if (!destination_traits(account->destination.kind)->named)
		return !others->knows_place &&
			destination_has_mail(account->destination.kind,
				account->destination.path);
	return local_has_ours(others->local);
}

bool rebuild_check_due(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;
	struct others others = {.account = account};
	struct error unseen = {.kind = ERROR_NONE};
	bool fresh;

	if (!account_is_place(account->destination.kind))
		return true;
	if (!store_is_fresh(mailbox->store, &fresh, err))
		return false;
	if (!fresh)
		return true;
	others.local = local_new(NULL);
	/* Errors here are ignored, since delivery reports them. Other stores
	 * must be read after the search: mail is recorded before it is
	 * visible. */
	if (destination_traits(account->destination.kind)->named)
		local_look(others.local, account->destination.path, NULL, true,
			&unseen);
	store_each_other(account->state, account->name, check_other, &others);
	bool ok = true;

	if (others.renamed != NULL)
		ok = error_set(err, ERROR_DATA,
			"account %s has no records, but account %s, which is not in the rc file, fetched this mailbox: if it was renamed, run keepmail rename %s %s",
			account->name, others.renamed, others.renamed,
			account->name);
	else if (has_mail(&others) && account->destination.rewrite.encrypt)
		ok = can_read(account, err);
	else if (has_mail(&others))
		ok = error_set(err, ERROR_DATA,
			"account %s has no records, but %s contains mail that might be fetched again: run keepmail rebuild %s first",
			account->name, account->destination.path,
			account->name);
	local_free(others.local);
	free(others.renamed);
	return ok;
}

bool rebuild_find_strays(struct mailbox *mailbox, struct letter **strays,
	size_t *count, struct error *err)
{
	const struct account *account = mailbox->account;
	struct rebuild found = {.count = 0};
	struct local *local = local_new(NULL);
	struct others others = {.account = account, .local = local};
	struct reading reading = {&found, mailbox->options->stop};
	struct error unseen = {.kind = ERROR_NONE};
	/* Errors here are ignored, since delivery reports them. */
	bool ok = !local_look(local, account->destination.path, NULL, true,
			  &unseen) ||
		store_names(mailbox->store, know_name, local, err);

	*count = 0;
	/* If another account's record is unreadable, no copy is certainly
	 * ours. */
	if (ok && local_has_ours(local) &&
		store_each_other(
			account->state, account->name, check_other, &others)) {
		ok = local_read_ours(local, add_copy, &reading, err);
		*strays = xcalloc(found.count, sizeof **strays);
		for (size_t i = 0; ok && i < found.count; i++)
			(*strays)[(*count)++] = found.copies[i].letter;
	}
	free(found.copies);
	free(others.renamed);
	local_free(local);
	return ok;
}
