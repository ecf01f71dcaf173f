/* SPDX-License-Identifier: ISC */
/* What an account logs in with: its password, or a token that is renewed. */
#ifndef ENGINE_CREDENTIAL_H
#define ENGINE_CREDENTIAL_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "io/process/helper.h"

struct credential {
	struct account *account; /* borrowed */
	const volatile sig_atomic_t *stop;
	char *secret; /* owned; NULL: not known yet */
	/* Gets tokens, so that this process, which a server may take control
	 * of, never knows what they are renewed with. */
	struct helper renewer;
	int paper; /* a file that the helper writes its answer to; or -1 */
};

/* secret: what the owner typed already, taken over; or NULL. */
void credential_init(struct credential *credential, struct account *account,
	char *secret, const volatile sig_atomic_t *stop);

/*
 * Finds the password or token, if it is not known yet. To be called before this
 * process is confined. Fails as secret_get and oauth_get do.
 */
bool credential_find(struct credential *credential, struct error *err);

/*
 * Opens a session with it. A token that the server refuses is renewed, once.
 * Fails as session_open does. Then, in any case, the credential is wiped.
 */
struct session *credential_log_in(
	struct credential *credential, struct error *err);

/* Wipes it; safe on a zeroed struct. */
void credential_release(struct credential *credential);

#endif
