/* SPDX-License-Identifier: ISC */
/* A server's unique and persistent name of a message (RFC 1939 section 7). */
#ifndef CORE_UID_H
#define CORE_UID_H

#include <stddef.h>
#include <stdint.h>

struct uid {
	const char *bytes; /* borrowed; any bytes, not terminated */
	size_t length;	   /* 0: the server gave none */
	uint32_t ordinal;  /* among messages with the same uid, from 0 */
};

#endif
