/* SPDX-License-Identifier: ISC */
/* One mailbox to fetch, as the rc file describes it. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"

enum tls_mode {
	TLS_IMPLICIT, /* RFC 8314: from the first octet */
	TLS_STARTTLS, /* RFC 2595: STLS, required */
	TLS_OFF,
};

enum tls_version {
	TLS_MIN_1_2,
	TLS_MIN_1_3,
};

enum auth_method {
	AUTH_AUTO, /* SASL PLAIN where announced, else USER and PASS */
	AUTH_PLAIN,
	AUTH_USER,
	/* The others are libcurl's. */
	AUTH_LOGIN,
	AUTH_APOP,
	AUTH_CRAM_MD5,
	AUTH_DIGEST_MD5,
	AUTH_SCRAM_SHA_1,
	AUTH_SCRAM_SHA_256,
	AUTH_OAUTHBEARER,
	AUTH_XOAUTH2,
};

/* What to do when the server gave its messages new uids. */
enum uid_reset {
	UID_RESET_MATCH, /* find them again by their headers */
	UID_RESET_REFETCH,
	UID_RESET_STOP,
};

enum destination_kind {
	DESTINATION_NONE,
	DESTINATION_MAILDIR,
	DESTINATION_MBOX,
};

struct account {
	char *name; /* all strings are owned; NULL where not set */
	char *server;
	uint16_t port; /* never 0 once read */
	enum tls_mode tls;
	enum tls_version tls_min;
	char *tls_ca;
	char *tls_pin; /* "sha256//BASE64" */
	char *tls_cert;
	char *tls_key;
	char *proxy;
	char *user;
	char *password;
	char *password_command;
	char *password_file;
	enum auth_method auth;
	bool cleartext_password;
	bool pipelining;   /* where the server announces it */
	int64_t timeout;   /* seconds: to connect, and without any octet */
	int64_t max_time;  /* seconds: a whole session */
	uint32_t sessions; /* of a run, at most; 0: as it takes */
	enum destination_kind destination;
	char *path;  /* of the destination, absolute */
	char *state; /* directory of the store, absolute */
	struct policy policy;
	char *local; /* where its owner files mail, below; absolute */
	char *trash; /* and where he throws it away */
	/* Where other accounts of the same user put mail: owned, of paths that
	 * are the others'. */
	const char **elsewhere;
	size_t elsewhere_count;
	/* Where accounts put mail whose records lie in another state directory;
	 * owned, of the others' paths. */
	const char **unrecorded;
	size_t unrecorded_count;
	const char **names; /* of all accounts: owned, of the others' names */
	size_t name_count;
	enum uid_reset uid_reset;
	bool keep_duplicates;
	char *run_as; /* the user to become when started by root */
	/* Of the mail, and of the store: whatever kind it seems to be. */
	bool trust_filesystem;
	bool confine; /* the worker gives up what it does not need */
	char *file;   /* where the account stands */
	int line;
};

/* A fresh account with every default in place. */
void account_init(struct account *account);

/* Frees what it holds, the password wiped; safe on a zeroed struct. */
void account_release(struct account *account);

/* Wipes and frees the password alone. */
void account_forget_password(struct account *account);

/* The port that goes with a TLS mode: 995 or 110 (RFC 8314 section 7.3). */
uint16_t account_default_port(enum tls_mode tls);

/*
 * The TCP port of a proxy's URL, as libcurl takes it: 443 with https where none
 * is named, else 1080. False, *port unchanged, where it cannot be told.
 */
bool account_proxy_port(const char *proxy, uint16_t *port);

/*
 * May this name stand for an account, and so for a file? Letters, digits and
 * "._@+-", at most 64 octets, beginning with none of ".-+".
 */
bool account_name_is_good(const char *name);

/* Is the server this very machine: localhost, 127.0.0.0/8 or ::1? */
bool account_is_loopback(const char *server);

#endif
