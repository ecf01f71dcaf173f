/* SPDX-License-Identifier: ISC */
/* One mailbox to fetch, as the rc file describes it. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"

enum tls_mode {
	TLS_IMPLICIT, /* RFC 8314: from the first byte */
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
	DESTINATION_LMTP,
	DESTINATION_PIPE,
	DESTINATION_IMAP,
	DESTINATION_GMAIL,
};

/* Where the server is. */
struct account_server {
	char *host;
	uint16_t port; /* never 0 once read */
	char *proxy;   /* URL */
};

/* How its connection is secured. */
struct account_tls {
	enum tls_mode mode;
	enum tls_version min;
	char *ca;
	char *pin; /* "sha256//BASE64" */
	char *cert;
	char *key;
};

struct account_login {
	char *user;
	char *password;
	/* Where it is, if it is not in the rc file: one of these is set. */
	char *password_command;
	char *password_file;
	char *password_netrc;	   /* a file as curl reads it */
	char *password_credential; /* a name, see systemd.exec(5) */
	bool password_keyring;
	enum auth_method auth;
	bool cleartext_password; /* may be sent without TLS */
};

enum oauth_provider {
	OAUTH_NONE, /* a password is used */
	OAUTH_MICROSOFT,
	OAUTH_GOOGLE,
	OAUTH_OTHER,
};

/* How the account gets the tokens that it logs in with (RFC 6749). */
struct account_oauth {
	enum oauth_provider provider;
	/* Its user is the client's id; its password, if it has one, the
	 * client's secret. */
	struct account_login client;
	bool as_client; /* by client credentials: no person logs in */
	char *tenant;	/* of OAUTH_MICROSOFT */
	/* NULL: as the provider has them. */
	char *scope;
	char *device_url;
	char *auth_url;
	char *token_url;
	char *redirect_url;
	struct account_tls tls; /* of its servers */
};

struct account_session {
	bool pipelining;  /* if the server announces it */
	int64_t timeout;  /* seconds: to connect, and without any byte */
	int64_t max_time; /* seconds: a whole session */
};

/* The server of DESTINATION_LMTP, if TLS is used. */
struct account_lmtp {
	struct account_server server;
	struct account_tls tls;
	struct account_login login; /* empty */
};

/* The mailbox of DESTINATION_IMAP. */
struct account_imap {
	struct account_server server;
	struct account_tls tls;
	struct account_login login;
	char *folder; /* UTF-8 */
};

/* The mailbox of DESTINATION_GMAIL. */
struct account_gmail {
	char *url; /* of the server, without a path */
	struct account_server server;
	struct account_tls tls;
	struct account_login login; /* its password is a token of OAuth 2.0 */
	struct account_oauth oauth; /* or OAUTH_NONE */
	char *labels;
	bool never_spam;
};

enum encrypt_cipher {
	ENCRYPT_AES_256_CBC, /* which every reader of S/MIME understands */
	ENCRYPT_AES_256_GCM, /* which shows whether it was changed */
};

/* How mail is changed before it gets there. */
struct account_rewrite {
	char *filter;		/* a command */
	int64_t filter_timeout; /* seconds: a run of it */
	char *encrypt;		/* a file of certificates */
	enum encrypt_cipher cipher;
	bool encrypt_subject;
};

/* To whom mail is handed over before it is stored. */
struct account_onward {
	enum destination_kind kind; /* or DESTINATION_NONE */
	char *path;
};

/* Where new mail is stored, or to whom it is handed over. */
struct account_destination {
	enum destination_kind kind;
	/* Absolute; of DESTINATION_LMTP the server, of DESTINATION_PIPE the
	 * command, of DESTINATION_IMAP the URL, of DESTINATION_GMAIL the
	 * user. */
	char *path;
	/* Set by the setting also, and then kind and path are the copy. */
	struct account_onward onward;
	uint32_t mode;	      /* of the files in a Maildir, such as 0600 */
	bool maildir_size;    /* their names end in their size */
	char *recipient;      /* of DESTINATION_LMTP */
	int64_t pipe_timeout; /* seconds: a run of the command */
	struct account_lmtp lmtp;
	struct account_imap imap;
	struct account_gmail gmail;
	struct account_rewrite rewrite;
};

/* Where else copies of its mail may be. */
struct account_copies {
	char *local; /* below it, mail is filed by its owner; absolute */
	char *trash; /* where mail is thrown away; absolute */
	/* Where other accounts of the same user put mail: owned, of paths that
	 * are the others'. */
	const char **elsewhere;
	size_t elsewhere_count;
	/* Where accounts put mail whose records lie in another state directory;
	 * owned, of the others' paths. */
	const char **unrecorded;
	size_t unrecorded_count;
};

/* All strings are owned, unless said otherwise; NULL if not set. */
struct account {
	char *name;
	char *file; /* the rc file that defines it */
	int line;   /* and where in it */
	struct account_server server;
	struct account_tls tls;
	struct account_login login;
	struct account_oauth oauth;
	struct account_session session;
	uint32_t sessions; /* of a run, at most; 0: as many as it takes */
	struct account_destination destination;
	struct account_copies copies;
	char *state; /* directory of the store, absolute */
	struct policy policy;
	enum uid_reset uid_reset;
	bool keep_duplicates;
	const char **names; /* of all accounts: owned, of the others' names */
	size_t name_count;
	char *run_as; /* the user to become when started by root */
	/* Do not check whether the file system of mail and store is suitable.
	 */
	bool trust_filesystem;
	bool confine; /* the worker gives up what it does not need */
};

enum account_protocol {
	PROTOCOL_POP3,
	PROTOCOL_IMAP,
	PROTOCOL_LMTP,
	PROTOCOL_HTTPS,
};

/* A server that an account logs in to. All is borrowed from the account. */
struct account_remote {
	enum account_protocol protocol;
	const char *name; /* of the account */
	const char *file; /* the rc file that defines it */
	const struct account_server *server;
	const struct account_tls *tls;
	const struct account_login *login;
	const struct account_session *session;
	const char *prefix; /* of these settings' names: "", "imap-"... */
	const char *secret; /* what they call it: "password" or "token" */
	bool oauth;	    /* keepmail gets and renews its token */
};

/* The server that the account's mail comes from. */
struct account_remote account_source(const struct account *account);

/* The server that it goes to; of DESTINATION_IMAP. */
struct account_remote account_imap(const struct account *account);

/* The same, of DESTINATION_LMTP. */
struct account_remote account_lmtp(const struct account *account);

/* The same, of DESTINATION_GMAIL. */
struct account_remote account_gmail(const struct account *account);

/* The server that gives it tokens; its address is that of *server. oauth: that
 * of the account, or of its Gmail. */
struct account_remote account_oauth(const struct account *account,
	const struct account_oauth *oauth, const struct account_server *server);

/* To whom its mail is handed over, whether or not it is also stored. */
struct account_onward account_onward(const struct account *account);

/* A fresh account with every default in place. */
void account_init(struct account *account);

/* Frees what it holds, the password wiped; safe on a zeroed struct. */
void account_release(struct account *account);

/* Wipes and frees what only the server that mail comes from is sent. */
void account_forget_password(struct account *account);

/* The same, and what the destination is sent. */
void account_forget_secrets(struct account *account);

/* The setting that sets this kind of destination: "maildir"...; or "". */
const char *account_kind_name(enum destination_kind kind);

/* The kind with this name; DESTINATION_NONE if there is none, or name is NULL.
 */
enum destination_kind account_kind_named(const char *name);

/* Is it a place in the file system, where mail can be found again? */
bool account_is_place(enum destination_kind kind);

/* The port that goes with a TLS mode: 995 or 110 (RFC 8314 section 7.3). */
uint16_t account_default_port(enum tls_mode tls);

/*
 * The TCP port of a proxy's URL, as libcurl takes it: 443 with https where none
 * is named, else 1080. False, *port unchanged, where it cannot be told.
 */
bool account_proxy_port(const char *proxy, uint16_t *port);

/*
 * May this name stand for an account, and so for a file? Letters, digits and
 * "._@+-", at most 64 bytes, beginning with none of ".-+".
 */
bool account_name_is_good(const char *name);

/* Is the server this very machine: localhost, 127.0.0.0/8 or ::1? */
bool account_is_loopback(const char *server);

#endif
