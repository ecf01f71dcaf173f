/* SPDX-License-Identifier: ISC */
/* The results of a run, in numbers. */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct tally {
	int status;  /* exit status */
	bool listed; /* the mailbox was listed, so left is known */
	uint64_t fetched;
	uint64_t octets;  /* of the fetched messages, as stored */
	uint64_t twice;	  /* of the fetched: not stored, as duplicates */
	uint64_t rebuilt; /* found on this machine by a rebuild */
	uint64_t erased;
	uint64_t left;	    /* on the server after the run */
	uint64_t too_large; /* not fetched because of max-size */
	uint64_t failed;    /* refused by the server */
};

#endif
