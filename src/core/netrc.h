/* SPDX-License-Identifier: ISC */
/* The file of logins that curl, ftp and others read: ~/.netrc. */
#ifndef CORE_NETRC_H
#define CORE_NETRC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the password for this user on this host in the text of such a file, as
 * curl reads it: the first entry of the machine (its name in any case) that has
 * this login or none, else the one called default. *password is borrowed from
 * text, which is changed. False if there is none.
 */
bool netrc_find(
	char *text, const char *host, const char *user, const char **password);

#endif
