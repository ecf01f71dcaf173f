/* SPDX-License-Identifier: ISC */
/* A message as it lies on this machine: what delivery says and store keeps. */
#ifndef CORE_LETTER_H
#define CORE_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#define LETTER_NAME_MAX 200
#define LETTER_ID_MAX 250
#define LETTER_DIGEST 32

struct letter {
	char name[LETTER_NAME_MAX]; /* Maildir base name; "" in an mbox */
	uint64_t offset;	    /* in an mbox: where its From_ line is */
	uint64_t length;	    /* and the octets up to the next one */
	uint64_t octets; /* of the message itself, lines ended by LF */
	uint64_t lines;	 /* so many LFs, where it was read for that; else 0 */
	unsigned char sha256[LETTER_DIGEST]; /* of those octets */
	int64_t received; /* when a mail server wrote into it; 0: not known */
	char message_id[LETTER_ID_MAX]; /* with its <>, or "" */
	bool identified; /* it has fields that header_sha256 stands for */
	unsigned char header_sha256[LETTER_DIGEST]; /* see header_feed */
	/* Of an mbox's: its whole header with the empty line, as it is. */
	uint64_t head_octets;
	unsigned char head_sha256[LETTER_DIGEST];
};

#endif
