/* SPDX-License-Identifier: ISC */
#include "engine/credential.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "engine/oauth.h"
#include "io/net/session.h"
#include "io/process/file.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

/* The longest that the helper may need: for the lock, then for an answer. */
#define RENEWAL_SECONDS 180

void credential_init(struct credential *credential, struct account *account,
	char *secret, const volatile sig_atomic_t *stop)
{
	*credential = (struct credential){
		.account = account,
		.stop = stop,
		.secret = secret,
		.renewer.fd = -1,
		.paper = -1,
	};
}

/* In the helper: gets another token than the one that was refused. */
static void renew(void *data, const struct helper_job *job, int input,
	const struct patience *wait, struct helper_result *result)
{
	const struct credential *credential = data;
	struct error err = {.kind = ERROR_NONE};
	char *token = NULL;

	const struct oauth_user user = oauth_source(credential->account);

	(void)job;
	(void)wait;
	bool ok = oauth_get(&user, credential->secret, NULL, &token, &err);

	if (ok && !file_write_at(input, token, strlen(token), 0))
		ok = error_set(&err, ERROR_TEMPORARY,
			"cannot pass on the new token: %s", strerror(errno));
	secret_free(token);
	/* The kind in its place, and what to say. */
	result->status = (int)err.kind;
	if (!ok) {
		result->length = strnlen(err.text, sizeof result->output);
		memcpy(result->output, err.text, result->length);
	}
}

/* Starts the helper. Without it, a token that is refused is not renewed. */
static void start_renewer(struct credential *credential)
{
	const struct helper_setup setup = {
		.seconds = RENEWAL_SECONDS,
		.work = renew,
		.work_data = credential,
	};
	struct error ignored = {.kind = ERROR_NONE};

	credential->paper = memfd_create("keepmail", MFD_CLOEXEC);
	if (credential->paper >= 0)
		helper_start(&credential->renewer, &setup, &ignored);
}

bool credential_find(struct credential *credential, struct error *err)
{
	const struct account *account = credential->account;
	const struct account_remote from = account_source(account);
	const struct oauth_user user = oauth_source(account);

	if (credential->secret != NULL)
		return true;
	if (account->oauth.provider == OAUTH_NONE)
		return secret_get(&from, privilege_has_changed(),
			credential->stop, &credential->secret, err);
	if (!oauth_get(&user, NULL, credential->stop, &credential->secret, err))
		return false;
	start_renewer(credential);
	return true;
}

/* Waits for the helper's result. False: it ended, or a signal came. */
static bool await(struct credential *credential, struct helper_result *result)
{
	char *bytes = (char *)result;
	size_t length = 0;

	while (length < sizeof *result) {
		struct pollfd wait = {
			.fd = credential->renewer.fd, .events = POLLIN};

		if (*credential->stop)
			return false;
		if (poll(&wait, 1, 200) <= 0)
			continue;
		ssize_t n =
			read(wait.fd, bytes + length, sizeof *result - length);

		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		if (n > 0)
			length += (size_t)n;
	}
	return true;
}

/* Takes the new token from the helper's file. */
static bool take_token(struct credential *credential)
{
	char *token = xcalloc(1, SECRET_MAX + 1);
	ssize_t n = pread(credential->paper, token, SECRET_MAX, 0);

	if (n <= 0 || strcmp(token, credential->secret) == 0) {
		secret_free(token);
		return false;
	}
	secret_free(credential->secret);
	credential->secret = token;
	return true;
}

/*
 * Has the token renewed. False: see err, or, if there is nothing better to say
 * than that it was refused, err is unchanged.
 */
static bool get_another(struct credential *credential, struct error *err)
{
	const struct helper_job job = {.values = {""}};
	struct helper_result result;

	if (credential->renewer.fd < 0 ||
		!helper_send(
			&credential->renewer, &job, credential->paper, -1) ||
		!await(credential, &result))
		return false;
	if (result.status == ERROR_NONE)
		return take_token(credential);
	return error_set(err, (enum error_kind)result.status,
		"the server refused the token, and another one could not be had: %.*s",
		(int)result.length, result.output);
}

struct session *credential_log_in(
	struct credential *credential, struct error *err)
{
	struct error refused = {.kind = ERROR_NONE};
	struct error failed = {.kind = ERROR_NONE};
	struct session *session = session_open(credential->account,
		credential->secret, credential->stop, &refused);

	if (session == NULL && refused.kind == ERROR_LOGIN &&
		get_another(credential, &failed)) {
		log_line(LOG_MESSAGES,
			"the server refused the token; trying a new one");
		refused = (struct error){.kind = ERROR_NONE};
		session = session_open(credential->account, credential->secret,
			credential->stop, &refused);
	}
	if (session == NULL)
		*err = failed.kind != ERROR_NONE ? failed : refused;
	/* The session does not need it any more, however long it is. */
	credential_release(credential);
	return session;
}

void credential_release(struct credential *credential)
{
	if (credential->account == NULL)
		return;
	helper_close(&credential->renewer);
	if (credential->paper >= 0)
		close(credential->paper);
	credential->paper = -1;
	secret_free(credential->secret);
	credential->secret = NULL;
	account_forget_password(credential->account);
}
