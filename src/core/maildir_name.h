/* SPDX-License-Identifier: ISC */
/* The names of files in a Maildir: what stays of them, and their flags. */
#ifndef CORE_MAILDIR_NAME_H
#define CORE_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Stands before the host in every name that keepmail makes, and in no other. */
#define MAILDIR_NAME_MARK "_keepmail"

/* Did keepmail make this name? */
bool maildir_name_is_ours(const char *name);

/*
 * The length of the part that stays the same while mail readers change flags:
 * all before the first ':' (or what some systems have in its place) or ','
 * (sizes that Dovecot appends). Of names that keepmail made: letters, digits
 * and ".-_" only, whatever follows.
 */
size_t maildir_name_base(const char *name);

/* Does the file have the flag T, "trashed"? */
bool maildir_name_is_trashed(const char *name);

#endif
