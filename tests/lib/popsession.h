/* SPDX-License-Identifier: ISC */
/* One connection of the test server, from the greeting to its end. */
#ifndef TESTS_POPSESSION_H
#define TESTS_POPSESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define NAMES_MAX 16

struct names {
	const char *at[NAMES_MAX];
	size_t count;
};

/* What the options say. */
struct settings {
	const char *folder;
	long synthetic;
	long size;
	const char *dialog;
	long port;
	long tls_port;
	const char *work;
	const char *user;
	const char *password;
	const char *host;
	bool expired;
	bool tls_1_1;
	struct names no;
	struct names late;
	struct names extra;
	bool apop;
	bool twice;
	long refuse;
	const char *poison;
	long most;
	const char *hidden;
	long window;
	bool forgetful;
	bool quit_error;
	bool shared;
	bool patient;
	const char *harm;
	long calm;
	long sessions;
};

/* What all the processes count together. */
struct counts {
	_Atomic unsigned sessions;
	_Atomic unsigned open; /* logged in now */
	_Atomic unsigned retrs;
	_Atomic unsigned logins; /* tried */
	_Atomic unsigned commands;
	_Atomic unsigned turns; /* sent after having been sent something */
	_Atomic unsigned depth; /* most commands at once */
	_Atomic unsigned erased;
};

extern struct settings set;
extern struct counts *counts;
extern FILE *report;

/* Makes what all sessions share, once, before the first of them is forked. */
void session_prepare(void);

/* Serves a connection to its end, in a process of its own. */
void session_serve(int fd, bool tls, SSL_CTX *context);

#endif
