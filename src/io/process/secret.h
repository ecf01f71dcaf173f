/* SPDX-License-Identifier: ISC */
/* An account's password: found when it is needed, wiped when it was used. */
#ifndef IO_PROCESS_SECRET_H
#define IO_PROCESS_SECRET_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"

/* Longest password or token taken, in bytes. */
#define SECRET_MAX 16384

/* Does the account say where its password is? Else someone must be asked. */
bool secret_is_at_hand(const struct account *account);

/*
 * The account's password from the rc file, from the first line that its
 * password-command prints, or from the first line of its password-file.
 * The command gets of this process's environment no more than another user
 * needs if it is to be clean. *password is the caller's: secret_free it. Fails
 * with ERROR_CONFIG or, when the command does not answer or *stop is set,
 * ERROR_TEMPORARY.
 */
bool secret_get(const struct account *account, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err);

/*
 * Asks for the password on the terminal, without echo. Fails with ERROR_CONFIG
 * when there is no terminal to ask on.
 */
bool secret_ask(const struct account *account,
	const volatile sig_atomic_t *stop, char **password, struct error *err);

/* Wipes and frees; safe on NULL. */
void secret_free(char *password);

#endif
