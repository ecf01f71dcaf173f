/* SPDX-License-Identifier: ISC */
#include "commands/connect.h"

#include <string.h>

#include "commands/run.h"
#include "core/xalloc.h"
#include "io/confine.h"
#include "io/privilege.h"
#include "io/secret.h"

const char **connect_readable(const struct account *account, size_t *count)
{
	const char **paths =
		xcalloc(account->elsewhere_count + 3, sizeof paths[0]);
	bool erases_later = policy_erases_later(&account->policy);

	*count = 0;
	/* Copies are looked for, and read, before what is there is erased. */
	if (erases_later && account->local != NULL)
		paths[(*count)++] = account->local;
	if (erases_later && account->trash != NULL)
		paths[(*count)++] = account->trash;
	for (size_t i = 0; erases_later && i < account->elsewhere_count; i++)
		paths[(*count)++] = account->elsewhere[i];
	/* So is what might be here already, before it is put there. */
	if (account->destination == DESTINATION_MAILDIR &&
		(erases_later || !account->keep_duplicates))
		paths[(*count)++] = account->path;
	return paths;
}

struct session *connect_account(struct account *account, char *password,
	const struct store *store, bool delivers, const char *const *readable,
	size_t readable_count, const volatile sig_atomic_t *stop,
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
	confine_worker(account, !delivers, readable, readable_count);
	struct session *session = session_open(
		account, password == NULL ? found : password, stop, err);

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
