/* SPDX-License-Identifier: ISC */
/* A worker gives up what it does not need before it talks to a server. */
#ifndef IO_PROCESS_CONFINE_H
#define IO_PROCESS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/*
 * From here on this process, its threads and its children may, as far as the
 * kernel can hold them to it (Landlock, seccomp): write only below the
 * account's destination and state directory (in a dry run the latter alone);
 * read only there, what TLS and name lookup need, and the files and directories
 * of readable, which need not exist; no other mail of a Maildir; connect by TCP
 * only to the account's server's or proxy's port and to DNS; start no program,
 * make no namespace and type nothing into a terminal. Nothing takes this back.
 * What is open stays so. Says at -v what is in force; where nothing is, the run
 * goes on.
 *
 * To be called with store and destination open and the password known, before
 * there is a second thread.
 */
void confine_worker(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count);

/*
 * From here on this process makes and connects no socket, as far as
 * confine_worker could keep it from other calls. To be called when it is logged
 * in. Says at -v whether this is in force; if not, the run goes on.
 */
void confine_connected(void);

#endif
