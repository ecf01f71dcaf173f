/* SPDX-License-Identifier: ISC */
/* What the files of convert share. */
#ifndef CORE_CONVERT_INTERNAL_H
#define CORE_CONVERT_INTERNAL_H

#include "core/convert.h"

/* A new account; borrowed until the next one is made. */
struct convert_account *convert_begin(
	struct convert *out, const char *name, size_t line);

/* Sets a setting, in the place of an earlier value. NULL sets nothing. */
void convert_put(
	struct convert_account *account, const char *name, const char *value);

/* As convert_put, with a value that is owned, and wiped. */
void convert_take(
	struct convert_account *account, const char *name, char *value);

/* Forgets a setting. */
void convert_drop(struct convert_account *account, const char *name);

/* Notes a sentence about a line (0: about all). It is made printable. */
void convert_note(struct convert *out, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes that something is left out, without which the account is the same. */
void convert_leave_out(struct convert *out, size_t line, const char *what);

/* As convert_leave_out, but it decides what becomes of the account's mail. */
void convert_doubt(
	struct convert *out, struct convert_account *account, const char *what);

/* The file was not understood: no account is made. The first one counts. */
void convert_fail(struct convert *out, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The account cannot be converted. The first reason counts. */
void convert_refuse(struct convert_account *account, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets maildir or mbox to a path, or is in doubt. */
void convert_put_place(struct convert *out, struct convert_account *account,
	const char *name, const char *path);

/* Sets tls-key or tls-cert; a path that has no counterpart is noted. */
void convert_put_file(struct convert *out, struct convert_account *account,
	const char *name, const char *path);

/* Sets tls-ca to the path that this setting of the other program has. */
void convert_put_ca(
	struct convert_account *account, const char *setting, const char *path);

/*
 * Sets pipe to a command for a shell in which %F is the sender, of which only
 * A-Z, a-z, 0-9 and .@_+/- are left, or MAILER-DAEMON.
 */
void convert_put_pipe(struct convert *out, struct convert_account *account,
	const char *command);

/* Sets the file of what was fetched, if its path means the same here. */
void convert_set_seen(struct convert_account *account, const char *path);

/*
 * Sets tls and port; port: a number, or the name of a service. Without TLS, the
 * usual port with TLS is used, and that is noted.
 */
enum convert_tls { CONVERT_CLEAR, CONVERT_STARTTLS, CONVERT_IMPLICIT };
void convert_put_tls(struct convert *out, struct convert_account *account,
	enum convert_tls tls, const char *port);

/* Frees a text that may be a secret. */
void convert_free(char *text);

/* Takes the new value, owned, in the place of the one that is there. */
void convert_replace(char **at, char *value);

bool convert_is_number(const char *text);

/* Is it nothing, or zeros? */
bool convert_is_zero(const char *text);

/* Only tls-ca or tls-pin can take the place of this setting. */
void convert_distrust(struct convert_account *account, const char *what);

void convert_mpop(const char *text, size_t length, struct convert *out);
void convert_getmail(const char *text, size_t length, struct convert *out);
void convert_fetchmail(const char *text, size_t length, struct convert *out);
void convert_fdm(const char *text, size_t length, struct convert *out);

#endif
