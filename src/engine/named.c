/* SPDX-License-Identifier: ISC */
#include "engine/named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid_name.h"
#include "core/xalloc.h"
#include "io/store/store_look.h"

/* At most this many uids are shown if a name is ambiguous. */
#define CANDIDATES 5

/* Bytes of each uid shown; a uid may have about a thousand bytes. */
#define CANDIDATE_SHOWN 160

/* The uids on record that match a name. */
struct search {
	struct uid_name name;
	enum uid_match match; /* best kind of match so far */
	size_t count;	      /* number of uids that match in this way */
	struct uid candidates[CANDIDATES]; /* the first few of them */
	char *bytes[CANDIDATES];	   /* owned; the bytes of candidates */
};

static void forget_candidates(struct search *search)
{
	for (size_t i = 0; i < search->count && i < CANDIDATES; i++)
		free(search->bytes[i]);
	search->count = 0;
}

static void take_uid(struct uid uid, void *data)
{
	struct search *search = data;
	enum uid_match match = uid_name_match(&search->name, uid);

	if (match == UID_MATCH_NONE || match < search->match)
		return;
	if (match > search->match)
		forget_candidates(search);
	search->match = match;
	if (search->count < CANDIDATES) {
		char *bytes = xmalloc(uid.length + 1);

		memcpy(bytes, uid.bytes, uid.length);
		search->bytes[search->count] = bytes;
		search->candidates[search->count] =
			(struct uid){.bytes = bytes, .length = uid.length};
	}
	search->count++;
}

/* A uid without escapes is found by an index; otherwise all are compared. */
static bool look_up(
	struct search *search, struct store *store, struct error *err)
{
	struct uid uid = {
		.bytes = search->name.text,
		.length = strlen(search->name.text),
	};
	bool has = false;

	if (search->name.length == uid.length &&
		!store_has_uid(store, uid, &has, err))
		return false;
	if (!has)
		return store_each_uid(store, take_uid, search, err);
	take_uid(uid, search);
	return true;
}

static bool fail_unknown(const struct uid_name *name, struct error *err)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];

	return error_set(err, ERROR_USAGE,
		"no message with the uid %s is on record: keepmail list --local -v shows all of them%s",
		text_printable(
			shown, sizeof shown, name->text, strlen(name->text)),
		name->is_number
			? " (message numbers change from session to session, and are not accepted)"
			: " (the beginning of a uid may have to end with ...)");
}

static bool fail_ambiguous(const struct search *search, struct error *err)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];
	char list[CANDIDATES * (CANDIDATE_SHOWN + 2) + 32] = "";
	size_t used = 0;

	for (size_t i = 0; i < search->count && i < CANDIDATES; i++) {
		char *text = uid_text(search->candidates[i]);
		bool cut = strlen(text) > CANDIDATE_SHOWN;

		used += (size_t)snprintf(list + used, sizeof list - used,
			"%s%.*s%s", i > 0 ? ", " : "",
			cut ? CANDIDATE_SHOWN - 3 : CANDIDATE_SHOWN, text,
			cut ? "..." : "");
		free(text);
	}
	if (search->count > CANDIDATES)
		snprintf(list + used, sizeof list - used, " and %zu more",
			search->count - CANDIDATES);
	return error_set(err, ERROR_USAGE, "%s matches %zu messages: %s",
		text_printable(shown, sizeof shown, search->name.text,
			strlen(search->name.text)),
		search->count, list);
}

/* Adds the uid found, unless it is there already; named then owns its bytes. */
static void add(struct named *named, struct search *search)
{
	struct uid found = search->candidates[0];

	for (size_t i = 0; i < named->count; i++) {
		const struct uid *other = &named->uids[i];

		if (other->length == found.length &&
			memcmp(other->bytes, found.bytes, found.length) == 0)
			return;
	}
	named->bytes[named->count] = search->bytes[0];
	named->uids[named->count++] = found;
	search->count = 0;
}

static bool find_one(struct store *store, const char *text, struct named *named,
	struct error *err)
{
	struct search search = {.match = UID_MATCH_NONE};

	uid_name_init(&search.name, text);
	bool ok = look_up(&search, store, err);

	if (ok && search.count == 0)
		ok = fail_unknown(&search.name, err);
	else if (ok && search.count > 1)
		ok = fail_ambiguous(&search, err);
	if (ok)
		add(named, &search);
	forget_candidates(&search);
	uid_name_release(&search.name);
	return ok;
}

bool named_find(struct store *store, char *const *names, size_t count,
	struct named *named, struct error *err)
{
	bool ok = true;

	*named = (struct named){
		.uids = xcalloc(count, sizeof named->uids[0]),
		.bytes = xcalloc(count, sizeof named->bytes[0]),
	};
	for (size_t i = 0; ok && i < count; i++)
		ok = find_one(store, names[i], named, err);
	if (!ok)
		named_release(named);
	return ok;
}

void named_release(struct named *named)
{
	for (size_t i = 0; i < named->count; i++)
		free(named->bytes[i]);
	free(named->bytes);
	free(named->uids);
	*named = (struct named){.uids = NULL};
}
