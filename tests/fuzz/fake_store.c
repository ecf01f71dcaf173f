/* SPDX-License-Identifier: ISC */
/* io/store.h in memory: rows, and transactions that are undone on failure. */
#include <string.h>

#include "engine/moved.h"
#include "engine/rebuild.h"
#include "fakes.h"
#include "io/mail/local.h"
#include "io/store/store_copy.h"
#include "io/store/store_identity.h"
#include "io/store/store_look.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_message.h"
#include "io/store/store_others.h"
#include "io/store/store_place.h"
#include "io/store/store_recall.h"
#include "io/store/store_run.h"

struct store {
	struct fake_row rows[FAKE_ROWS_MAX];
	size_t count;
	struct fake_row saved[FAKE_ROWS_MAX]; /* as before the transaction */
	size_t saved_count;
	bool open;
	char uids[4 * FUZZ_MAX]; /* of four runs */
	size_t uids_length;
};

static struct store the_store;

struct store *fake_store(void)
{
	return &the_store;
}

void fake_store_reset(void)
{
	the_store.count = 0;
	the_store.open = false;
	the_store.uids_length = 0;
}

static void undo(struct store *store)
{
	if (!store->open)
		return;
	memcpy(store->rows, store->saved,
		store->saved_count * sizeof store->rows[0]);
	store->count = store->saved_count;
	store->open = false;
}

void fake_store_died(void)
{
	undo(&the_store);
}

bool fake_store_is_open(void)
{
	return the_store.open;
}

const struct fake_row *fake_store_rows(size_t *count)
{
	*count = the_store.count;
	return the_store.rows;
}

/* Most differ at their end, and memcmp costs more in a fuzzer. */
static bool is_same(const char *a, const char *b, size_t length)
{
	return length == 0 ||
		(a[length - 1] == b[length - 1] && memcmp(a, b, length) == 0);
}

static struct fake_row *find(struct uid uid)
{
	for (size_t i = 0; i < the_store.count; i++) {
		struct fake_row *row = &the_store.rows[i];

		if (row->state != MEMORY_NONE && row->ordinal == uid.ordinal &&
			row->uid_length == uid.length &&
			is_same(the_store.uids + row->uid, uid.bytes,
				uid.length))
			return row;
	}
	return NULL;
}

const struct fake_row *fake_store_row(
	const struct maildrop *maildrop, const struct message *message)
{
	return find(maildrop_uid(maildrop, message));
}

struct uid fake_store_uid(const struct fake_row *row)
{
	return (struct uid){
		the_store.uids + row->uid, row->uid_length, row->ordinal};
}

static struct fake_row *add(struct store *store, struct uid uid)
{
	struct fake_row *row = &store->rows[store->count++];
	size_t room = sizeof store->uids - store->uids_length;

	PROMISE(store->count < FAKE_ROWS_MAX && uid.length < room);
	*row = (struct fake_row){.uid = store->uids_length,
		.uid_length = uid.length,
		.ordinal = uid.ordinal,
		.letter = FAKE_NO_LETTER};
	memcpy(store->uids + row->uid, uid.bytes, row->uid_length);
	store->uids_length += row->uid_length;
	return row;
}

void fake_store_remember(
	const struct maildrop *maildrop, uint8_t octet, bool with_sizes)
{
	for (size_t i = 0; i < maildrop->count; i++) {
		struct uid uid = maildrop_uid(maildrop, &maildrop->messages[i]);
		unsigned what = octet >> 2 * (i % 4) & 3;

		if (what == 0 || uid.length == 0 || find(uid) != NULL)
			continue;
		struct fake_row *row = add(&the_store, uid);

		row->state = what == 3 ? MEMORY_ERASED : MEMORY_KEPT;
		row->vanished = what == 1;
		row->size = with_sizes ? 10 + i : MAILDROP_SIZE_UNKNOWN;
		row->kept_at = fake_clock - (int64_t)(i % 8) * 100;
	}
}

bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err)
{
	struct memory *found = calloc(maildrop->count + 1, sizeof found[0]);

	(void)err;
	PROMISE(found != NULL);
	for (size_t i = 0; i < store->count; i++)
		store->rows[i].listed = false;
	for (size_t i = 0; i < maildrop->count; i++) {
		struct fake_row *row =
			find(maildrop_uid(maildrop, &maildrop->messages[i]));

		if (row == NULL)
			continue;
		row->listed = true;
		/* Recovery has finished what was in progress. */
		PROMISE(row->state != MEMORY_ARRIVING);
		found[i] = (struct memory){.row = row - store->rows,
			.state = row->state,
			.size = row->size,
			.kept_at = row->kept_at,
			.vanished = row->vanished};
	}
	*memories = found;
	return true;
}

bool store_begin(struct store *store, struct error *err)
{
	PROMISE(!store->open);
	if (fake_fails(FAKE_STORE, err))
		return false;
	memcpy(store->saved, store->rows, store->count * sizeof store->rows[0]);
	store->saved_count = store->count;
	store->open = true;
	return true;
}

bool store_begin_unsynced(struct store *store, struct error *err)
{
	return store_begin(store, err);
}

bool store_sync(struct store *store, struct error *err)
{
	(void)store;
	(void)err;
	return true;
}

bool store_commit(struct store *store, struct error *err)
{
	PROMISE(store->open);
	if (fake_fails(FAKE_COMMIT, err)) {
		/* Killed after the commit: it is valid, although nobody learnt
		 * of it. */
		if (fake_is_dead())
			store->open = false;
		undo(store);
		return false;
	}
	store->open = false;
	return true;
}

/* Returns the row, for a change within a transaction; NULL: that failed. */
static struct fake_row *change(
	struct store *store, int64_t row, struct error *err)
{
	PROMISE(store->open);
	PROMISE(row >= 0 && (size_t)row < store->count);
	if (!fake_fails(FAKE_STORE, err))
		return &store->rows[row];
	undo(store);
	return NULL;
}

static bool is_published(const struct fake_row *row)
{
	return row->letter == FAKE_NO_LETTER ||
		fake_letters[row->letter].state == FAKE_PUBLISHED;
}

bool store_record_arriving(struct store *store,
	const struct store_arrival *arrival, int64_t *row, struct error *err)
{
	struct fake_row *at = find(arrival->uid);

	PROMISE(arrival->place.kind != DESTINATION_NONE &&
		arrival->place.path != NULL);
	PROMISE(arrival->uid.length > 0);
	/* A message that is here is not fetched again. */
	PROMISE(at == NULL || at->state == MEMORY_ERASED || at->vanished);
	if (at == NULL)
		at = add(store, arrival->uid);
	*row = at - store->rows;
	at = change(store, *row, err);
	if (at == NULL)
		return false;
	at->state = MEMORY_ARRIVING;
	at->size = arrival->size;
	at->vanished = false;
	at->listed = true;
	at->letter = fake_letter_named(arrival->letter->name);
	PROMISE(fake_letters[at->letter].state == FAKE_SEALED);
	return true;
}

bool store_find_copy(struct store *store, const struct letter *letter,
	const struct store_place *place, struct store_found *found,
	struct error *err)
{
	(void)store;
	(void)letter;
	(void)place;
	(void)err;
	found->row = 0;
	return true;
}

bool store_rebind(struct store *store, int64_t row, struct uid uid,
	uint64_t size, struct error *err)
{
	(void)store;
	(void)row;
	(void)uid;
	(void)size;
	(void)err;
	return true;
}

bool store_retire(
	struct store *store, struct uid uid, int64_t now, struct error *err)
{
	struct fake_row *at = find(uid);

	(void)now;
	PROMISE(at != NULL &&
		(at->state == MEMORY_KEPT || at->state == MEMORY_ERASED));
	at = change(store, at - store->rows, err);
	if (at == NULL)
		return false;
	at->state = MEMORY_NONE;
	return true;
}

bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	struct fake_row *at = change(store, row, err);

	if (at == NULL)
		return false;
	PROMISE(at->state == MEMORY_ARRIVING && is_published(at));
	at->state = MEMORY_KEPT;
	at->kept_at = now;
	return true;
}

bool store_record_handed(
	struct store *store, int64_t row, const char *said, struct error *err)
{
	(void)store;
	(void)row;
	(void)said;
	(void)err;
	PROMISE(false);
	return false;
}

bool store_note_handed(struct store *store, int64_t row, struct error *err)
{
	(void)store;
	(void)row;
	(void)err;
	PROMISE(false);
	return false;
}

bool store_has_handed(struct store *store, const struct letter *letter,
	const struct store_place *place, bool *has, struct error *err)
{
	(void)store;
	(void)letter;
	(void)place;
	(void)has;
	(void)err;
	PROMISE(false);
	return false;
}

bool store_is_handed(struct store *store, struct uid uid,
	const struct letter *letter, bool *is, struct error *err)
{
	(void)store;
	(void)uid;
	(void)letter;
	(void)is;
	(void)err;
	PROMISE(false);
	return false;
}

bool store_forget_arriving(struct store *store, int64_t row, struct error *err)
{
	struct fake_row *at = change(store, row, err);

	if (at == NULL)
		return false;
	/* It will be fetched again, so it must not be here. */
	PROMISE(at->state == MEMORY_ARRIVING && !is_published(at));
	at->state = MEMORY_NONE;
	return true;
}

bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	struct fake_row *at = change(store, row, err);

	(void)now;
	if (at == NULL)
		return false;
	PROMISE(at->state == MEMORY_KEPT && is_published(at));
	at->state = MEMORY_ERASED;
	return true;
}

bool store_record_listing(struct store *store,
	const struct store_listing *listing, int64_t now, struct error *err)
{
	(void)listing;
	(void)now;
	(void)err;
	PROMISE(store->open);
	for (size_t i = 0; i < store->count; i++)
		store->rows[i].vanished = !store->rows[i].listed;
	return true;
}

bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err)
{
	struct store_arriving *found =
		calloc(store->count + 1, sizeof found[0]);
	size_t n = 0;

	(void)err;
	PROMISE(found != NULL && !store->open);
	for (size_t i = 0; i < store->count; i++) {
		if (store->rows[i].state != MEMORY_ARRIVING)
			continue;
		found[n].row = (int64_t)i;
		found[n].kind = DESTINATION_MAILDIR;
		found[n].path = strdup("/mail");
		snprintf(found[n].letter.name, sizeof found[n].letter.name,
			"%zu", store->rows[i].letter);
		n++;
	}
	*arriving = found;
	*count = n;
	return true;
}

void store_free_arriving(struct store_arriving *arriving, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(arriving[i].path);
	free(arriving);
}

bool store_is_same_text(struct store *store, struct uid uid,
	const unsigned char sha256[LETTER_DIGEST], bool *same,
	struct error *err)
{
	(void)store;
	(void)uid;
	(void)sha256;
	(void)err;
	*same = false;
	return true;
}

bool store_has_said(const struct store *store, enum store_saying what)
{
	(void)store;
	(void)what;
	return false;
}

bool store_has_succeeded(struct store *store, int64_t before)
{
	(void)store;
	(void)before;
	return true;
}

/* No mbox contains anything: store_has_succeeded says that none is read. */
bool moved_find(struct mailbox *mailbox, struct moved *moved, struct error *err)
{
	/* Nothing is moved here. */
	(void)mailbox;
	(void)moved;
	(void)err;
	return true;
}

bool rebuild_find_strays(struct mailbox *mailbox, struct letter **strays,
	size_t *count, struct error *err)
{
	(void)mailbox;
	(void)strays;
	(void)err;
	*count = 0;
	return true;
}

/* Not called, since store_has_succeeded. */
bool store_headers(struct store *store,
	void (*visit)(void *data, const unsigned char sha256[LETTER_DIGEST]),
	void *data, struct error *err)
{
	(void)store;
	(void)visit;
	(void)data;
	(void)err;
	return true;
}

bool store_each_other(const char *directory, const char *name,
	bool (*visit)(void *data, const char *other, struct store *store),
	void *data)
{
	(void)directory;
	(void)name;
	(void)visit;
	(void)data;
	return true;
}

bool store_record_filed(struct store *store, int64_t row,
	const struct letter *letter, struct error *err)
{
	(void)store;
	(void)row;
	(void)letter;
	(void)err;
	return true;
}

struct local *local_new(const struct local_notes *notes)
{
	(void)notes;
	return NULL;
}

void local_free(struct local *local)
{
	(void)local;
}

bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err)
{
	(void)local;
	(void)root;
	(void)trash;
	(void)missing_ok;
	(void)err;
	return true;
}

enum local_state local_verify(struct local *local, const struct letter *letter)
{
	(void)local;
	(void)letter;
	return LOCAL_GONE;
}

bool store_record_hold(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	(void)store;
	(void)row;
	(void)now;
	(void)err;
	return true;
}

bool store_last_name(struct store *store, const struct store_place *place,
	char *room, struct error *err)
{
	(void)store;
	(void)place;
	(void)err;
	room[0] = '\0';
	return true;
}
