/* SPDX-License-Identifier: ISC */
#include "engine/connect.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "engine/places.h"
#include "engine/run.h"
#include "io/process/confine.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

/*
 * Copies are looked for, and read, before what is there is erased; and what
 * might be here already, before it is put there.
 */
static bool find_readable(const struct account *account, struct store *store,
	struct places *places, struct error *err)
{
	if (policy_erases_later(&account->policy)) {
		if (!places_gather(places, account, store, err))
			return false;
		places_add_links(places);
	} else if (account->destination == DESTINATION_MAILDIR &&
		!account->keep_duplicates) {
		places_add(places, account->path, true);
	}
	return true;
}

static bool confine(const struct account *account, struct store *store,
	bool delivers, struct error *err)
{
	struct places places = {.count = 0};

	if (!find_readable(account, store, &places, err))
		return false;
	const char **paths = xcalloc(places.count + 1, sizeof paths[0]);

	for (size_t i = 0; i < places.count; i++)
		paths[i] = places.at[i].path;
	confine_worker(account, !delivers, paths, places.count);
	free(paths);
	places_release(&places);
	return true;
}

struct session *connect_account(struct account *account, char *password,
	struct store *store, bool delivers, const volatile sig_atomic_t *stop,
	struct error *err)
{
	char *found = NULL;

	if (password == NULL &&
		!secret_get(
			account, privilege_has_changed(), stop, &found, err))
		return NULL;
	/* password-command may have asked there; nothing else does. */
	privilege_leave_terminal();
	/* What is open stays open; nothing was said to the server yet. */
	struct session *session = NULL;

	if (confine(account, store, delivers, err))
		session = session_open(account,
			password == NULL ? found : password, stop, err);

	/* Not needed any more, however long the session is. */
	secret_free(found);
	account_forget_password(account);
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	if (session != NULL)
		confine_connected();
	if (session != NULL && store_was_out_of_step(store, run_now()))
		session_forgo_pipelining(session);
	return session;
}
