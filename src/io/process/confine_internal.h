/* SPDX-License-Identifier: ISC */
/* The two halves of the confinement, on Linux. */
#ifndef IO_PROCESS_CONFINE_INTERNAL_H
#define IO_PROCESS_CONFINE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/* The leak checker looks into its own process, by ptrace and /proc. */
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
 * Landlock and seccomp, for good: true with *said (in new memory) what is in
 * force, else why nothing is.
 */
bool confine_files(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count, char **said);
bool confine_calls(char **said);

/* seccomp once more, so that no socket can be made or connected any more. */
bool confine_sockets(char **said);

#endif
