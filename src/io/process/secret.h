/* SPDX-License-Identifier: ISC */
/* Gets an account's password when it is needed. */
#ifndef IO_PROCESS_SECRET_H
#define IO_PROCESS_SECRET_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "io/process/patience.h"

/* Longest password or token, in bytes. */
#define SECRET_MAX 16384

/* Does the account have a source of its password or token? Otherwise the user
 * is asked.
 */
bool secret_is_at_hand(const struct account *account);

/*
 * The password for this server from the rc file, from the first line that its
 * password-command prints, or from the first line of its password-file.
 * clean: the command gets only those variables of the environment that are safe
 * for another user. *password is to be released with secret_free. Fails with
 * ERROR_CONFIG, or with ERROR_TEMPORARY if the command does not end in time or
 * *stop is set.
 */
bool secret_get(const struct account_remote *of, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err);

/* As secret_get, with another time limit than timeout. */
bool secret_get_within(const struct account_remote *of, bool clean,
	const struct patience *wait, char **password, struct error *err);

/*
 * Asks for the password on the terminal, without echo. Fails with ERROR_CONFIG
 * if there is no terminal.
 */
bool secret_ask(const struct account *account,
	const volatile sig_atomic_t *stop, char **password, struct error *err);

enum secret_place {
	SECRET_KEYRING, /* where password-keyring looks */
	SECRET_PASS,	/* "pass show keepmail/NAME" prints it */
};

/*
 * Stores the password of an account of this name: in the keyring, in the place
 * of an earlier one; in pass only if there is none. Fails with ERROR_CREATE.
 */
bool secret_store(enum secret_place place, const char *name,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err);

/* Wipes and frees a password; safe on NULL. */
void secret_free(char *password);

#endif
