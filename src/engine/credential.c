/* SPDX-License-Identifier: ISC */
#include "engine/credential.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
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

/* In the helper: gets a token, and later another one than that. */
static void renew(void *data, const struct helper_job *job, int input,
	const struct patience *wait, struct helper_result *result)
{
	struct credential *credential = data;
	const struct oauth_user user = oauth_source(credential->account);
	struct error err = {.kind = ERROR_NONE};
	char *token = NULL;

	(void)job;
	(void)wait;
	bool ok = oauth_get(&user, credential->secret, NULL, &token, &err);

	if (ok && !file_write_at(input, token, strlen(token), 0))
		ok = error_set(&err, ERROR_TEMPORARY,
			"cannot pass on the token: %s", strerror(errno));
	if (!ok)
		file_write_at(input, (const char *)&err, sizeof err, 0);
	result->status = ok ? 0 : 1;
	secret_free(credential->secret);
	credential->secret = token;
}

/* The helper alone needs the client's secret. */
static bool start_renewer(struct credential *credential, struct error *err)
{
	const struct helper_setup setup = {
		.seconds = RENEWAL_SECONDS,
		.work = renew,
		.work_data = credential,
	};

	credential->paper = memfd_create("keepmail", MFD_CLOEXEC);
	bool ok = credential->paper >= 0
		? helper_start(&credential->renewer, &setup, err)
		: error_set(err, ERROR_TEMPORARY, "cannot create a file: %s",
			  strerror(errno));

	account_forget_secrets(credential->account);
	return ok;
}

/* Waits for the helper's result. */
static bool await(struct credential *credential, struct helper_result *result,
	struct error *err)
{
	char *bytes = (char *)result;
	size_t length = 0;

	while (length < sizeof *result) {
		struct pollfd wait = {
			.fd = credential->renewer.fd, .events = POLLIN};

		if (*credential->stop)
			return error_set(err, ERROR_TEMPORARY,
				"stopped by a signal before the login");
		if (poll(&wait, 1, 200) <= 0)
			continue;
		ssize_t n =
			read(wait.fd, bytes + length, sizeof *result - length);

		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return error_set(err, ERROR_TEMPORARY,
				"the process that gets tokens ended: try again");
		if (n > 0)
			length += (size_t)n;
	}
	return true;
}

/* Takes the token, or the error, from the helper's file. */
static bool take_answer(struct credential *credential,
	const struct helper_result *result, char **token, struct error *err)
{
	char *room = xcalloc(1, SECRET_MAX + 1);
	ssize_t n = pread(credential->paper, room,
		result->status == 0 ? SECRET_MAX : sizeof *err, 0);

	if (n > 0 && result->status == 0) {
		*token = room;
		return true;
	}
	if (n == (ssize_t)sizeof *err)
		memcpy(err, room, sizeof *err);
	free(room);
	return error_set(err, ERROR_TEMPORARY,
		"cannot read what was said of the token: %s", strerror(errno));
}

/* Has the helper get a token; another one than before. */
static bool ask(struct credential *credential, char **token, struct error *err)
{
	const struct helper_job job = {.values = {""}};
	struct helper_result result;

	if (ftruncate(credential->paper, 0) < 0 ||
		!helper_send(&credential->renewer, &job, credential->paper, -1))
		return error_set(err, ERROR_TEMPORARY,
			"cannot ask for a token: %s", strerror(errno));
	return await(credential, &result, err) &&
		take_answer(credential, &result, token, err);
}

bool credential_find(struct credential *credential, struct error *err)
{
	const struct account *account = credential->account;
	const struct account_remote from = account_source(account);

	if (credential->secret != NULL)
		return true;
	if (account->oauth.provider == OAUTH_NONE)
		return secret_get(&from, privilege_has_changed(),
			credential->stop, &credential->secret, err);
	return start_renewer(credential, err) &&
		ask(credential, &credential->secret, err);
}

/*
 * Has the token renewed that was refused. False: see err, or, if there is
 * nothing better to say than that it was refused, err is unchanged.
 */
static bool get_another(struct credential *credential, struct error *err)
{
	struct error failed = {.kind = ERROR_NONE};
	char *token = NULL;

	if (credential->renewer.fd < 0)
		return false;
	if (!ask(credential, &token, &failed)) {
		*err = failed;
		return false;
	}
	bool other = strcmp(token, credential->secret) != 0;

	secret_free(credential->secret);
	credential->secret = token;
	return other;
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
	helper_leave(&credential->renewer);
	if (credential->paper >= 0)
		close(credential->paper);
	credential->paper = -1;
	secret_free(credential->secret);
	credential->secret = NULL;
	account_forget_secrets(credential->account);
}
