/* SPDX-License-Identifier: ISC */
/*
 * Connects a destination to its server, since io/mail and io/net know nothing
 * of each other.
 */
#ifndef ENGINE_DIAL_H
#define ENGINE_DIAL_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "io/mail/destination.h"

/* Who dials; borrowed by the opening. */
struct dialler {
	const struct account *account;
	const volatile sig_atomic_t *stop;
};

/*
 * What opens the account's destination, or another one (an earlier one), for
 * delivery_open and the like. To be used before this process is confined. The
 * password of the destination is looked up when it is needed, and wiped.
 */
struct destination_opening dial_opening(
	struct dialler *dialler, const struct account_destination *destination);

#endif
