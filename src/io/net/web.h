/* SPDX-License-Identifier: ISC */
/* HTTPS requests, made by libcurl, over a connection that is kept. */
#ifndef IO_NET_WEB_H
#define IO_NET_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/account.h"
#include "core/error.h"
#include "io/process/patience.h"

#define WEB_BODY_MAX 65536

struct web;

/*
 * For requests to the servers of an account, with TLS verified as it requires.
 * What *to borrows and stop must outlive it; a request ends when *stop is not
 * 0. The caller closes it. NULL with ERROR_SOFTWARE.
 */
struct web *web_open(const struct account_remote *to, struct error *err);
void web_close(struct web *web);

/* What is sent: GET, or with a file or a form POST. All is borrowed. */
struct web_request {
	const char *url;
	const char *token; /* of OAuth 2.0 (RFC 6750); NULL: none is sent */
	const char *form;  /* application/x-www-form-urlencoded; or NULL */
	const char *type;  /* Content-Type */
	const char *head;  /* before what is in the file */
	size_t head_length;
	bool follows; /* redirections, by TLS */
	int file;     /* or -1 */
	off_t length;
	const char *tail; /* behind it */
	size_t tail_length;
	int64_t seconds;	     /* that it may take */
	const struct patience *wait; /* it ends once this is over */
};

struct web_answer {
	long status;
	int64_t retry_after; /* seconds; -1: not said */
	size_t length;
	bool cut;		 /* there was more of it */
	char body[WEB_BODY_MAX]; /* its beginning; any bytes */
};

/*
 * Fails with ERROR_HOST, ERROR_UNAVAILABLE (TLS) or ERROR_TEMPORARY. Whether
 * the server did what was asked is then not known. Redirections are followed
 * only if that is wanted.
 */
bool web_send(struct web *web, const struct web_request *request,
	struct web_answer *answer, struct error *err);

#endif
