/* SPDX-License-Identifier: ISC */
/* A connection of the test server, from the greeting to its end. */
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

/* The values of the options. */
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

/* The counters shared by all processes. */
struct counts {
	_Atomic unsigned sessions;
	_Atomic unsigned open; /* logged in now */
	_Atomic unsigned retrs;
	_Atomic unsigned logins; /* attempts */
	_Atomic unsigned commands;
	_Atomic unsigned turns; /* a client sent something after having
				   received something */
	_Atomic unsigned depth; /* the most commands received at once */
	_Atomic unsigned erased;
};

extern struct settings set;
extern struct counts *counts;
extern FILE *report;

/* Makes what all sessions share, once, before the first fork. */
void session_prepare(void);

/* Serves a connection to its end, in a separate process. */
void session_serve(int fd, bool tls, SSL_CTX *context);

#endif
