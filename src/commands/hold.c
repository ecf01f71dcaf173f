/* SPDX-License-Identifier: ISC */
#include "commands/hold.h"

#include <string.h>
#include <sysexits.h>

#include "core/text.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"
#include "io/store/store_message.h"

static bool hold_one(
	struct store *store, const char *uid, bool hold, struct error *err)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];
	size_t found = 0;
	struct uid named = {.bytes = uid, .length = strlen(uid)};

	if (!store_hold(store, named, hold ? now_seconds() : 0, &found, err))
		return false;
	if (found > 0)
		return true;
	return error_set(err, ERROR_USAGE,
		"no message with the uid %s is known: keepmail -n -v lists "
		"them. Nothing was changed",
		text_printable(shown, sizeof shown, uid, named.length));
}

static bool hold_all(struct store *store, char *const *uids, size_t count,
	bool hold, struct error *err)
{
	if (!store_begin(store, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!hold_one(store, uids[i], hold, err))
			return false;
	}
	return store_commit(store, err);
}

int hold_messages(const struct account *account, char *const *uids,
	size_t count, bool hold)
{
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;

	log_account(account->name);
	if (count == 0)
		error_set(&err, ERROR_USAGE,
			"name the uids of the messages: keepmail -n -v lists "
			"them");
	else if (privilege_become(account, &err))
		store = state_open(account, STORE_WRITE, &err);
	if (store != NULL && hold_all(store, uids, count, hold, &err))
		log_line(LOG_SUMMARY, "%zu %s", count,
			hold ? "held: they are never erased on the server"
			     : "released");
	if (err.kind != ERROR_NONE)
		log_error(&err);
	store_close(store);
	return error_status(err.kind);
}
