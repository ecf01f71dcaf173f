/* SPDX-License-Identifier: ISC */
/* A login by a code that is typed on any device (RFC 8628). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/xalloc.h"
#include "engine/oauth_login_internal.h"
#include "io/process/now.h"
#include "io/process/secret.h"
#include "io/store/store_members.h"

/* Between two questions whether the person is done (RFC 8628 section 3.5). */
#define INTERVAL_SECONDS 5
#define INTERVAL_MAX 60

static bool wait_seconds(const struct login *login, int64_t seconds)
{
	const struct timespec tick = {.tv_nsec = 100000000};
	int64_t end = now_milliseconds() + seconds * 1000;

	while (now_milliseconds() < end && !*login->talk->stop)
		nanosleep(&tick, NULL);
	return !*login->talk->stop;
}

/* What a device's login begins with. Owned. */
struct device {
	char *code;
	int64_t interval;
	int64_t end; /* monotonic, in milliseconds */
};

/* Shows where to go, and what to type there. */
static void show_code(const struct login *login, struct members *members)
{
	char *url = members_text(members, "verification_uri");
	char *code = members_text(members, "user_code");
	char *line;

	/* Google and others call it otherwise than the RFC does. */
	if (url == NULL)
		url = members_text(members, "verification_url");
	oauth_login_tell(login,
		"To log in, open this page in a browser, on any device:");
	line = xasprintf("    %s", url == NULL ? "" : url);
	oauth_login_tell(login, line);
	free(line);
	line = xasprintf("and enter the code %s", code == NULL ? "" : code);
	oauth_login_tell(login, line);
	free(line);
	free(url);
	free(code);
}

static bool begin_device(
	const struct login *login, struct device *device, struct error *err)
{
	struct oauth_answer answer;
	struct buffer form;

	buffer_init(&form, OAUTH_FORM_MAX);
	if (login->endpoints.scope != NULL &&
		!oauth_add(&form, "scope", login->endpoints.scope))
		return oauth_login_too_long(&form, err);
	if (!oauth_login_ask(
		    login, login->endpoints.device, &form, &answer, err))
		return false;
	bool ok = answer.members != NULL && answer.status == 200 &&
		answer.error == NULL;

	if (ok) {
		int64_t left = members_number(
			answer.members, "expires_in", PERSON_SECONDS);

		device->code = members_text(answer.members, "device_code");
		device->interval = members_number(
			answer.members, "interval", INTERVAL_SECONDS);
		if (device->interval < 1 || device->interval > INTERVAL_MAX)
			device->interval = INTERVAL_SECONDS;
		if (left < 1 || left > 86400)
			left = PERSON_SECONDS;
		device->end = now_milliseconds() + left * 1000;
		ok = device->code != NULL;
	}
	if (ok)
		show_code(login, answer.members);
	else
		/* It has no token: this says why. */
		oauth_take(login->user, &answer, NULL,
			&(struct token_record){.expires = 0}, err);
	oauth_answer_release(&answer);
	return ok;
}

/* Is the person still at it? Adjusts the interval (RFC 8628 section 3.5). */
static bool is_pending(const struct oauth_answer *answer, struct device *device)
{
	if (answer->error != NULL && strcmp(answer->error, "slow_down") == 0) {
		device->interval += 5;
		return true;
	}
	if (answer->error == NULL || oauth_is_temporary(answer))
		return oauth_is_temporary(answer);
	return strcmp(answer->error, "authorization_pending") == 0;
}

/* Says how the person's part ended, where that is known; else nothing. */
static void device_ended(const struct oauth_answer *answer, struct error *err)
{
	const char *error = answer->error;

	if (error == NULL)
		return;
	if (strcmp(error, "access_denied") == 0 ||
		strcmp(error, "authorization_declined") == 0)
		error_set(err, ERROR_LOGIN,
			"the login was declined in the browser: nothing was changed");
	else if (strcmp(error, "expired_token") == 0 ||
		strcmp(error, "code_expired") == 0 ||
		strcmp(error, "bad_verification_code") == 0)
		error_set(err, ERROR_LOGIN,
			"the code expired before it was entered: run keepmail login again");
}

/* Asks once whether the person is done. *done: yes, or it failed. */
static bool poll_device(struct login *login, struct device *device, bool *done,
	struct error *err)
{
	struct error lost = {.kind = ERROR_NONE};
	struct oauth_answer answer;
	struct buffer form;

	*done = true;
	buffer_init(&form, OAUTH_FORM_MAX);
	if (!oauth_add(&form, "grant_type",
		    "urn:ietf:params:oauth:grant-type:device_code") ||
		!oauth_add(&form, "device_code", device->code))
		return oauth_login_too_long(&form, err);
	/* A connection that is lost is no answer. */
	if (!oauth_login_ask(
		    login, login->endpoints.token, &form, &answer, &lost)) {
		*done = lost.kind != ERROR_TEMPORARY;
		if (*done)
			*err = lost;
		return false;
	}
	*done = !is_pending(&answer, device);
	bool ok = false;

	if (*done) {
		device_ended(&answer, err);
		ok = oauth_take(login->user, &answer, device->code,
			&login->record, err);
	}
	oauth_answer_release(&answer);
	return ok;
}

static bool stopped(struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"stopped by a signal before the login was complete");
}

bool oauth_login_by_device(struct login *login, struct error *err)
{
	struct device device = {.code = NULL};
	bool ok = begin_device(login, &device, err);
	bool done = !ok;

	while (!done) {
		if (!wait_seconds(login, device.interval))
			done = !stopped(err);
		else if (now_milliseconds() > device.end)
			done = !error_set(err, ERROR_LOGIN,
				"the code expired before it was entered: run keepmail login again");
		else
			ok = poll_device(login, &device, &done, err);
	}
	secret_free(device.code);
	return ok && err->kind == ERROR_NONE;
}
