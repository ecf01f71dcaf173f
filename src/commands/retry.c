/* SPDX-License-Identifier: ISC */
#include "commands/retry.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"
#include "io/store/store_trouble.h"

static bool forget_one(
	struct store *store, const char *uid, size_t *all, struct error *err)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];
	size_t found = 0;
	struct uid named = {
		.bytes = uid, .length = uid == NULL ? 0 : strlen(uid)};

	if (!store_forget_trouble(
		    store, uid == NULL ? NULL : &named, &found, err))
		return false;
	*all += found;
	if (found > 0 || uid == NULL)
		return true;
	return error_set(err, ERROR_USAGE,
		"no message with the uid %s has failed: keepmail status says "
		"which have. Nothing was changed",
		text_printable(shown, sizeof shown, uid, named.length));
}

static bool forget(struct store *store, char *const *uids, size_t count,
	size_t *all, struct error *err)
{
	bool ok = store_begin(store, err);

	if (ok && count == 0)
		ok = forget_one(store, NULL, all, err);
	for (size_t i = 0; ok && i < count; i++)
		ok = forget_one(store, uids[i], all, err);
	return ok && store_commit(store, err);
}

int retry_messages(
	const struct account *account, char *const *uids, size_t count)
{
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;
	size_t all = 0;

	log_account(account->name);
	if (privilege_become(account, &err))
		store = state_open(account, STORE_WRITE, &err);
	if (store != NULL && forget(store, uids, count, &all, &err))
		log_line(LOG_SUMMARY, "to be tried again in the next run: %zu",
			all);
	if (err.kind != ERROR_NONE)
		log_error(&err);
	store_close(store);
	return error_status(err.kind);
}
