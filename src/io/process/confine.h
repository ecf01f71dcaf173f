/* SPDX-License-Identifier: ISC */
/* A worker drops what it does not need, before it talks to a server. */
#ifndef IO_PROCESS_CONFINE_H
#define IO_PROCESS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/*
 * Restricts this process, its threads and its children permanently, as far as
 * the kernel supports it (Landlock, seccomp). They can then
 *   - write only below the account's destination and state directory (in a dry
 *     run only the latter);
 *   - read only there (except the mail of a Maildir), what TLS and name lookup
 *     need, and the files and directories of readable, which need not exist;
 *   - connect by TCP only to the port of the server or proxy, and to DNS;
 *   - not start programs, create namespaces, or insert input into a terminal.
 * What is open remains open. Logs at -v what is in force; if nothing is, the
 * run continues.
 *
 * To be called when store and destination are open and the password is known,
 * before a second thread is started.
 */
void confine_worker(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count);

/*
 * Permanently forbids to create and connect sockets, if confine_worker could
 * forbid system calls. To be called after the login. Logs at -v whether this is
 * in force; if not, the run continues.
 */
void confine_connected(void);

/*
 * What this system and this build have for it, in new memory: "Landlock ABI 4,
 * libseccomp 2.5.4", or "none".
 */
char *confine_abilities(void);

#endif
