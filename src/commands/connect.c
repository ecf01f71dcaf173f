/* SPDX-License-Identifier: ISC */
#include "commands/connect.h"

#include <string.h>

#include "commands/run.h"
#include "io/confine.h"
#include "io/privilege.h"
#include "io/secret.h"

struct session *connect_account(struct account *account, char *password,
	const struct store *store, bool delivers,
	const volatile sig_atomic_t *stop, struct error *err)
{
	char *found = NULL;

	if (password == NULL &&
		!secret_get(
			account, privilege_has_changed(), stop, &found, err))
		return NULL;
	/* What is open stays open; nothing was said to the server yet. */
	confine_worker(account, !delivers);
	struct session *session = session_open(
		account, password == NULL ? found : password, stop, err);

	/* Not needed any more, however long the session is. */
	secret_free(found);
	account_forget_password(account);
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	if (session != NULL && store_was_out_of_step(store, run_now()))
		session_forgo_pipelining(session);
	return session;
}
