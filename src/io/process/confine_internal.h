/* SPDX-License-Identifier: ISC */
/* The parts of the confinement, on Linux. */
#ifndef IO_PROCESS_CONFINE_INTERNAL_H
#define IO_PROCESS_CONFINE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/* The leak checker examines its own process, with ptrace and /proc. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKS_LEAKS 1
#endif
#endif
#ifndef CHECKS_LEAKS
#define CHECKS_LEAKS 0
#endif

/*
 * Enforce Landlock and seccomp permanently. *said, in new memory, describes
 * what is in force; or, if false is returned, why nothing is.
 */
bool confine_files(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count, char **said);
bool confine_calls(char **said);

/* The version of Landlock that the kernel has; 0: none. */
int confine_landlock(void);

/* "libseccomp 2.5.4"; or "no libseccomp". In new memory. */
char *confine_seccomp(void);

/* The same with seccomp for creating and connecting sockets. */
bool confine_sockets(char **said);

#endif
