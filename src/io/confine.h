/* SPDX-License-Identifier: ISC */
/* A worker gives up what it does not need before it talks to a server. */
#ifndef IO_CONFINE_H
#define IO_CONFINE_H

#include <stdbool.h>

#include "core/account.h"

/*
 * From here on this process, its threads and its children may, as far as the
 * kernel can hold them to it (Landlock, seccomp): write only below the
 * account's destination and state directory (in a dry run the latter alone);
 * read only there and what TLS and name lookup need, no mail of a Maildir;
 * connect by TCP only to the account's server's or proxy's port and to DNS;
 * start no program. Nothing takes this back. What is open stays so. Says at -v
 * what is in force; where nothing is, the run goes on.
 *
 * To be called with store and destination open and the password known, before
 * there is a second thread.
 */
void confine_worker(const struct account *account, bool dry_run);

#endif
