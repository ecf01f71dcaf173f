/* SPDX-License-Identifier: ISC */
/* Sends messages to Gmail for a destination, in a process of its own. */
#ifndef ENGINE_UPLOAD_H
#define ENGINE_UPLOAD_H

#include "engine/dial.h"
#include "io/mail/destination.h"

/*
 * As destination_opening.upload; data: a struct dialler. Gets the token when it
 * is needed first, and anew once it is refused. Waits and tries again, some
 * times, if Gmail says that it is too much at once.
 */
void upload_send(void *data, struct destination_upload *upload);

#endif
