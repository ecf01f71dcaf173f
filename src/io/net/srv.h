/* SPDX-License-Identifier: ISC */
/* SRV records of the DNS (RFC 2782), by the system's resolver. */
#ifndef IO_NET_SRV_H
#define IO_NET_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRV_HOST_MAX 256

struct srv {
	char host[SRV_HOST_MAX];
	uint16_t port;
};

/*
 * Asks for the best record of a service, such as "_pop3s._tcp.example.org".
 * False: there is none, or none can be had. The answer is not authentic.
 */
bool srv_look_up(const char *name, struct srv *found);

/* Takes the best record of an answer in the format of the DNS. */
bool srv_parse(const unsigned char *answer, size_t length, struct srv *found);

#endif
