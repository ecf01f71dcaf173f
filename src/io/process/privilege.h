/* SPDX-License-Identifier: ISC */
/* Which user a worker runs as, and how its memory is protected. */
#ifndef IO_PROCESS_PRIVILEGE_H
#define IO_PROCESS_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/account.h"
#include "core/error.h"

/*
 * Protects passwords in memory: no core dumps, and other processes cannot read
 * it. Also applies to children, and after privilege_become.
 */
void privilege_protect_memory(void);

/*
 * From now on this process is killed when its parent ends, if the system
 * supports that; also after privilege_become.
 */
void privilege_end_with(pid_t parent);

/*
 * May the user who started this process fetch the account? Root needs run-as,
 * and for others run-as must be absent or themselves. Fails with ERROR_CONFIG.
 */
bool privilege_check(const struct account *account, struct error *err);

/*
 * Calls privilege_check, then changes this process permanently to the user of
 * the account's run-as, with that user's groups, HOME, USER and LOGNAME. Does
 * nothing if it is that user already, even root. To be called before any file
 * of the account is opened.
 */
bool privilege_become(const struct account *account, struct error *err);

/* Did privilege_become change the user? */
bool privilege_has_changed(void);

/*
 * Detaches this process from its terminal: it gets a session of its own, and so
 * no signals from the terminal, standard input is /dev/null, and if standard
 * output or error is a terminal, it can only be written to.
 */
void privilege_leave_terminal(void);

#endif
