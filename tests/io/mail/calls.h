/* SPDX-License-Identifier: ISC */
/*
 * The system calls that change a destination, replaced by ones that can be told
 * to break: each is counted, and at one of them the process dies, or it fails.
 */
#ifndef TESTS_IO_MAIL_CALLS_H
#define TESTS_IO_MAIL_CALLS_H

enum calls_harm {
	CALLS_WHOLE,	  /* nothing happens */
	CALLS_DIE_BEFORE, /* as by kill -9 */
	CALLS_DIE_AFTER,  /* the same, behind the call, or half of a write */
	CALLS_FAIL_ONCE,  /* with EIO */
	CALLS_FAIL_ON,	  /* and so do all that follow */
};

struct calls {
	enum calls_harm harm;
	unsigned at; /* the call it happens at, from 1 on; 0: none */
	unsigned seen;
	unsigned entries_left; /* of directories; 0: they can be read */
};

extern struct calls calls;

#endif
