/* SPDX-License-Identifier: ISC */
#include "engine/oauth_login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "engine/oauth_login_internal.h"
#include "io/process/token_file.h"

#define LOCK_SECONDS 90

bool oauth_login_can(const struct oauth_user *user, enum oauth_way way)
{
	struct oauth_endpoints endpoints = oauth_endpoints(user->oauth);
	bool person = !user->oauth->as_client;
	bool can = false;

	switch (way) {
	case OAUTH_BY_DEVICE:
		can = person && endpoints.device != NULL;
		break;
	case OAUTH_BY_BROWSER:
	case OAUTH_BY_PASTE:
		can = person && endpoints.authorize != NULL;
		break;
	case OAUTH_BY_ITSELF:
		can = !person;
		break;
	}
	oauth_endpoints_release(&endpoints);
	return can;
}

void oauth_login_tell(const struct login *login, const char *line)
{
	login->talk->tell(login->talk->data, line);
}

bool oauth_login_too_long(struct buffer *form, struct error *err)
{
	buffer_wipe(form);
	return error_set(
		err, ERROR_SOFTWARE, "the request for a token is too long");
}

bool oauth_login_ask(const struct login *login, const char *url,
	struct buffer *form, struct oauth_answer *answer, struct error *err)
{
	const struct patience wait = patience_begin(60, login->talk->stop);
	const struct oauth_request request = {
		.url = url,
		.form = form,
		.secretly = url == login->endpoints.token,
		.wait = &wait,
	};

	return oauth_send(login->user, &request, answer, err);
}

/* A secret of 256 bits, in base64url: 43 characters (RFC 7636 section 4.1). */
static bool make_random(char room[OAUTH_RANDOM_MAX], struct error *err)
{
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_set(err, ERROR_SOFTWARE,
			"the system gives no random numbers: %s",
			strerror(errno));
	oauth_base64url(bytes, sizeof bytes, room);
	explicit_bzero(bytes, sizeof bytes);
	return true;
}

/* Client credentials are requested whenever they are needed. */
static bool log_in_by_itself(struct login *login, struct error *err)
{
	struct oauth_answer answer;
	struct buffer form;

	buffer_init(&form, OAUTH_FORM_MAX);
	if (!oauth_add(&form, "grant_type", "client_credentials") ||
		(login->endpoints.scope != NULL &&
			!oauth_add(&form, "scope", login->endpoints.scope)))
		return oauth_login_too_long(&form, err);
	if (!oauth_login_ask(
		    login, login->endpoints.token, &form, &answer, err))
		return false;
	bool ok = oauth_take(login->user, &answer, NULL, &login->record, err);

	oauth_answer_release(&answer);
	return ok;
}

static bool log_in(struct login *login, enum oauth_way way, struct error *err)
{
	switch (way) {
	case OAUTH_BY_DEVICE:
		return oauth_login_by_device(login, err);
	case OAUTH_BY_BROWSER:
		return oauth_login_by_browser(login, err);
	case OAUTH_BY_PASTE:
		return oauth_login_by_paste(login, err);
	case OAUTH_BY_ITSELF:
		return log_in_by_itself(login, err);
	}
	return false;
}

/* Before the person does his part. */
static bool can_save(const struct login *login, struct error *err)
{
	const struct patience wait =
		patience_begin(LOCK_SECONDS, login->talk->stop);
	struct token_file file;

	if (!token_file_open(&file, &login->user->place, &wait, err))
		return false;
	bool ok = token_file_prepare(&file, err);

	token_file_close(&file);
	return ok;
}

static bool save(struct login *login, struct error *err)
{
	const struct oauth_user *user = login->user;
	/* The person has done his part: not ended by a signal. */
	const struct patience wait = patience_begin(LOCK_SECONDS, NULL);
	struct token_record *record = &login->record;
	struct token_file file;

	token_record_set(&record->client, user->oauth->client.user);
	token_record_set(&record->token_url, login->endpoints.token);
	token_record_set(&record->grant,
		login->user->oauth->as_client ? "client" : "user");
	record->granted = record->renewed;
	if (!token_file_open(&file, &login->user->place, &wait, err))
		return false;
	bool ok = token_file_write(&file, record, err);

	token_file_close(&file);
	return ok;
}

bool oauth_login(const struct oauth_user *user, enum oauth_way way,
	const struct oauth_talk *talk, struct oauth_login *result,
	struct error *err)
{
	struct login login = {
		.user = user,
		.talk = talk,
		.endpoints = oauth_endpoints(user->oauth),
	};
	bool ok = can_save(&login, err) && make_random(login.verifier, err) &&
		make_random(login.state, err) && log_in(&login, way, err) &&
		save(&login, err);

	if (ok)
		*result = (struct oauth_login){
			.expires = login.record.expires,
			.renews = login.record.refresh != NULL ||
				user->oauth->as_client,
		};
	explicit_bzero(login.verifier, sizeof login.verifier);
	token_record_release(&login.record);
	oauth_endpoints_release(&login.endpoints);
	free(login.redirect);
	return ok;
}
