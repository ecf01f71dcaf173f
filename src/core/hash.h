/* SPDX-License-Identifier: ISC */
/* A keyed hash, so that a server cannot choose uids that collide. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 (Aumasson, Bernstein 2012) of length bytes under a key. */
uint64_t hash_octets(const uint64_t key[2], const void *bytes, size_t length);

#endif
