/* SPDX-License-Identifier: ISC */
#include "engine/places.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/mailbox.h"
#include "io/mail/destination.h"
#include "io/mail/local.h"
#include "io/process/directory.h"
#include "io/store/store_copy.h"
#include "io/store/store_place.h"

#define NO_BRAKE "If this is intended, run once with --no-brake"

/* Maximum depth of nested folders, as in io/mail/local. */
#define DEPTH_MAX 32
/* Maximum number of places, beyond which links are not followed. */
#define LINKS_MAX 1000

void places_add(struct places *places, const char *path, bool may_be_missing)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < places->count; i++) {
		struct place *place = &places->at[i];

		if (strcmp(place->path, path) != 0)
			continue;
		place->may_be_missing &= may_be_missing;
		return;
	}
	places->at = xreallocarray(
		places->at, places->count + 1, sizeof places->at[0]);
	places->at[places->count++] = (struct place){
		.path = xstrdup(path), .may_be_missing = may_be_missing};
}

struct gathering {
	struct places *places;
	const struct account *account;
};

/* Adds a place from before the rc file was changed. */
static bool add_former(void *data, const char *path, struct error *err)
{
	const struct gathering *gathering = data;

	(void)err;
	if (strcmp(path, gathering->account->destination.path) != 0)
		places_add(gathering->places, path, false);
	return true;
}

bool places_gather(struct places *places, const struct account *account,
	struct store *store, struct error *err)
{
	struct gathering gathering = {places, account};

	*places = (struct places){.count = 0};
	/* places_check has already checked that it exists. */
	if (account_is_place(account->destination.kind))
		places_add(places, account->destination.path, true);
	places_add(places, account->copies.local, false);
	/* A trash may be emptied or removed at any time. */
	places_add(places, account->copies.trash, true);
	if (!store_places(store, add_former, &gathering, err))
		return false;
	for (size_t i = 0; i < account->copies.elsewhere_count; i++)
		places_add(places, account->copies.elsewhere[i], true);
	return true;
}

static void add_links_below(
	struct places *places, const char *path, unsigned depth);

static void add_link(struct places *places, const char *path, unsigned depth)
{
	char *target = realpath(path, NULL);
	struct stat st;

	if (target != NULL && places->count < LINKS_MAX &&
		stat(target, &st) == 0 &&
		(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
		size_t before = places->count;

		places_add(places, target, true);
		if (S_ISDIR(st.st_mode) && places->count > before)
			add_links_below(places, target, depth + 1);
	}
	free(target);
}

/*
 * The directories of mail files, which may be large, are not searched for
 * links.
 */
static bool may_hold_links(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		strcmp(name, "new") != 0 && strcmp(name, "tmp") != 0 &&
		strcmp(name, "cur") != 0;
}

static void add_links_below(
	struct places *places, const char *path, unsigned depth)
{
	DIR *dir = depth <= DEPTH_MAX ? opendir(path) : NULL;
	struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		char *below = xasprintf("%s/%s", path, entry->d_name);
		unsigned char type = entry->d_type;

		if (type == DT_UNKNOWN && lstat(below, &st) == 0)
			type = S_ISDIR(st.st_mode)    ? DT_DIR
				: S_ISLNK(st.st_mode) ? DT_LNK
						      : DT_REG;
		if (type == DT_LNK)
			add_link(places, below, depth);
		else if (type == DT_DIR && may_hold_links(entry->d_name))
			add_links_below(places, below, depth + 1);
		free(below);
	}
	closedir(dir);
}

void places_add_links(struct places *places)
{
	size_t count = places->count;

	for (size_t i = 0; i < count; i++)
		add_links_below(places, places->at[i].path, 0);
}

void places_release(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->at[i].path);
	free(places->at);
	*places = (struct places){.count = 0};
}

static bool identify(const struct account *account, struct store_origin *origin)
{
	char *path = destination_directory(
		account->destination.kind, account->destination.path);
	bool ok = path != NULL &&
		directory_identity(path, &origin->inode, &origin->born);

	free(path);
	return ok;
}

bool places_can_sync(const struct account *account)
{
	return destination_can_sync(
		account->destination.kind, account->destination.path);
}

struct search {
	struct local *local;
	bool strangers; /* headers of files not on record were read */
	bool found;
};

static bool look_for(
	void *data, int64_t row, const struct letter *letter, struct error *err)
{
	struct search *search = data;
	struct letter filed;

	(void)row;
	(void)err;
	search->found = search->found ||
		local_find(search->local, letter) != LOCAL_GONE ||
		(search->strangers &&
			local_find_filed(search->local, letter, &filed) !=
				LOCAL_GONE);
	return true;
}

/*
 * Determines whether mail is gone from the destination. If any is on record as
 * kept there: is none of it found, under its own or another name? Otherwise: is
 * there no mail at all? Fails if this cannot be determined.
 */
static bool is_gone(
	struct mailbox *mailbox, bool kept, bool *gone, struct error *err)
{
	const struct account *account = mailbox->account;
	struct search search = {.local = local_new(NULL)};
	bool ok = local_look(search.local, account->destination.path,
		account->copies.trash, true, err);

	if (ok && kept)
		ok = store_copies(mailbox->store, look_for, &search, err);
	if (ok && kept && !search.found) {
		search.strangers = true;
		ok = copies_read_strangers(search.local, mailbox->store,
			     mailbox->options->stop, err) &&
			store_copies(mailbox->store, look_for, &search, err);
	}
	*gone = kept ? !search.found : local_is_empty(search.local);
	/* A place that could not be read is not empty. */
	if (ok && *gone && local_blind(search.local) != NULL)
		ok = error_set(err, ERROR_WRITE,
			"cannot read %s, so it is unknown whether the mail is still there: nothing was fetched or deleted. Fix this and run keepmail again",
			local_blind(search.local));
	local_free(search.local);
	return ok;
}

bool places_check(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;
	struct store_place place = {
		account->destination.kind, account->destination.path};
	struct store_origin then = {.inode = 0};
	struct store_origin now = {.inode = 0};
	bool kept = false;
	bool gone = false;

	/* What was handed over is not looked for. */
	if (!account_is_place(account->destination.kind))
		return true;
	if (!store_has_mail(mailbox->store, &place, &kept, err))
		return false;
	if (kept && !mailbox->options->no_brake &&
		destination_is_missing(
			account->destination.kind, account->destination.path))
		return error_set(err, ERROR_DATA,
			"%s, where mail was stored, does not exist (is its disk mounted?): nothing was fetched or deleted. " NO_BRAKE,
			account->destination.path);
	if (!store_origin(mailbox->store, &place, &then, err))
		return false;
	if (!identify(account, &now)) {
		/* It is created when mail is stored. */
		mailbox->place_changed = true;
		return true;
	}
	if (then.inode == now.inode && then.born == now.born)
		return true;
	if (then.inode != 0 && !mailbox->options->no_brake) {
		if (!is_gone(mailbox, kept, &gone, err))
			return false;
		/* Mail that the server has erased may have been filed since,
		 * without a record of that; so only an empty place counts. */
		if (gone)
			return error_set(err, ERROR_DATA,
				"%s was replaced since mail was stored there, and contains none of that mail: nothing was fetched or deleted. Restore the mail, or, if it was filed or removed, run once with --no-brake",
				account->destination.path);
	}
	mailbox->place_changed = true;
	return true;
}

bool places_record(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;
	struct store_place place = {
		account->destination.kind, account->destination.path};
	struct store_origin now = {.inode = 0};

	return !mailbox->place_changed || !identify(account, &now) ||
		store_record_origin(mailbox->store, &place, &now, err);
}
