/* SPDX-License-Identifier: ISC */
/* What a run came to. */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct tally {
	int status;  /* exit status */
	bool listed; /* left is known */
	uint64_t fetched;
	uint64_t octets;  /* of what was fetched, as it lies here */
	uint64_t twice;	  /* of what was fetched: it was here already */
	uint64_t rebuilt; /* found to be here, by keepmail rebuild */
	uint64_t erased;
	uint64_t left;	    /* on the server after the run */
	uint64_t too_large; /* not fetched because of max-size */
	uint64_t failed;    /* refused by the server */
};

#endif
