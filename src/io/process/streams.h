/* SPDX-License-Identifier: ISC */
/* Standard input, output and error, which may be closed at the start. */
#ifndef IO_PROCESS_STREAMS_H
#define IO_PROCESS_STREAMS_H

#include <stdbool.h>

#include "core/error.h"

/*
 * Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed, so that
 * no file opened later gets such a number, and with it output for the user.
 * Also applies to children. Writing to a standard output that was closed still
 * fails. To be called before anything else is opened. If it returns false,
 * nothing may be opened or written.
 */
bool streams_secure(void);

/*
 * Flushes standard output. Fails with ERROR_WRITE if anything, now or before,
 * could not be written.
 */
bool streams_flush(struct error *err);

/* Can the user be asked for something? */
bool streams_has_terminal(void);

#endif
