/* SPDX-License-Identifier: ISC */
/* The way to a server, for every command that has one. */
#ifndef ENGINE_CONNECT_H
#define ENGINE_CONNECT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "io/net/session.h"
#include "io/store/store.h"

/*
 * Finds the password where none is given, leaves the terminal, confines this
 * process for good (to the store alone, unless it delivers; it may read mail
 * where places_gather says that copies may lie), connects and logs in; then no
 * other socket is opened. Both passwords are wiped then. The session sends one
 * command at a time if the store says that the server was out of step. NULL on
 * failure, as secret_get and session_open; the caller closes it.
 */
struct session *connect_account(struct account *account, char *password,
	struct store *store, bool delivers, const volatile sig_atomic_t *stop,
	struct error *err);

#endif
