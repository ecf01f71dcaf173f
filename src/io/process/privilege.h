/* SPDX-License-Identifier: ISC */
/* Who a worker is, and that nobody looks into it. */
#ifndef IO_PROCESS_PRIVILEGE_H
#define IO_PROCESS_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/account.h"
#include "core/error.h"

/*
 * Passwords pass through memory: no core dump, and no other process looks.
 * Holds for children, too, and past privilege_become.
 */
void privilege_protect_memory(void);

/*
 * This process is killed when the one that started it (parent) ends, where the
 * system can do that; also past privilege_become.
 */
void privilege_end_with(pid_t parent);

/*
 * May whoever started this process fetch the account? Root only with run-as,
 * others only as themselves. ERROR_CONFIG says what to do.
 */
bool privilege_check(const struct account *account, struct error *err);

/*
 * Checks, and makes this process for good the user of the account's run-as,
 * with that user's groups and HOME, USER and LOGNAME; without effect where it
 * is that user already, root included. Before anything of the account is
 * opened.
 */
bool privilege_become(const struct account *account, struct error *err);

/* Did privilege_become make this process another user? */
bool privilege_has_changed(void);

/*
 * From here on this process has no terminal: it is in a session of its own, so
 * that a terminal's signals pass it by, reads nothing on standard input, and
 * may only write where standard output and error are a terminal.
 */
void privilege_leave_terminal(void);

#endif
