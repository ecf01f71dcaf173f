/* SPDX-License-Identifier: ISC */
/* Standard input, output and error, as whoever started us left them. */
#ifndef IO_PROCESS_STREAMS_H
#define IO_PROCESS_STREAMS_H

#include <stdbool.h>

#include "core/error.h"

/*
 * Opens /dev/null in the place of each of the descriptors 0, 1 and 2 that is
 * closed, so that no file opened later gets its number, and with it what is
 * meant for the user. For children, too. Writing to a standard output that was
 * closed fails as it would have. False: there is no /dev/null; nothing must be
 * opened or written then. To be called before anything else is opened.
 */
bool streams_secure(void);

/*
 * Sends what was printed on its way. Fails with ERROR_WRITE if any of it, now
 * or before, could not be written.
 */
bool streams_flush(struct error *err);

#endif
