/* SPDX-License-Identifier: ISC */
#include "engine/upload.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "core/gmail.h"
#include "core/login.h"
#include "core/xalloc.h"
#include "engine/oauth.h"
#include "io/net/web.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

/* How often a message is tried, and the longest wait between, in seconds. */
#define TRIES 5
#define WAIT_MAX 60
/* The time for a request: at the least, and for a slow connection. */
#define REQUEST_SECONDS 600
#define REQUEST_OCTETS_PER_SECOND 49152

/* What the process keeps from one message to the next. */
static struct {
	struct web *web;
	char *token;
	char *refused; /* a token that is no longer valid */
} kept;

/* A token is printable, without blanks: nothing else can follow it. */
static bool is_token(const char *text)
{
	for (; *text > ' ' && *text < 0x7f; text++)
		;
	return *text == '\0';
}

/* Gets the token, but waits no longer than the upload may take. */
static bool get_token(const struct account *account,
	const struct patience *patience, struct error *err)
{
	const struct account_remote sent_to = account_gmail(account);
	const struct account_remote *to = &sent_to;
	const struct account_gmail *gmail = &account->destination.gmail;
	const struct oauth_user user = oauth_gmail(account);
	struct patience wait = patience_begin(to->session->timeout, NULL);

	wait.socket = patience->socket;
	if (gmail->oauth.provider != OAUTH_NONE)
		return oauth_get(&user, kept.refused, NULL, &kept.token, err);
	if (!secret_get_within(
		    to, privilege_has_changed(), &wait, &kept.token, err))
		return false;
	if (is_token(kept.token))
		return true;
	secret_free(kept.token);
	kept.token = NULL;
	return error_set(err, ERROR_CONFIG,
		"what %s gives is not an access token: it should be one line without blanks",
		to->login->password_command != NULL ? "gmail-token-command"
						    : "gmail-token-file");
}

static bool prepare(const struct account *account,
	const struct account_remote *to, const struct patience *patience,
	struct error *err)
{
	if (kept.token == NULL && !get_token(account, patience, err))
		return false;
	if (kept.web == NULL)
		kept.web = web_open(to, err);
	return kept.web != NULL;
}

static char *make_url(const struct account_gmail *gmail, bool asks)
{
	if (asks)
		return xasprintf("%s/gmail/v1/users/%s/profile", gmail->url,
			gmail->login.user);
	return xasprintf(
		"%s/upload/gmail/v1/users/%s/messages/import?uploadType=multipart&internalDateSource=dateHeader%s",
		gmail->url, gmail->login.user,
		gmail->never_spam ? "&neverMarkSpam=true" : "");
}

/* No message contains it, except by a chance that does not happen. */
static void make_boundary(char room[GMAIL_BOUNDARY_MAX])
{
	uint64_t chance[2] = {(uint64_t)now_milliseconds(), 0};

	if (getrandom(chance, sizeof chance, 0) < 0)
		chance[1] = (uint64_t)(uintptr_t)room;
	snprintf(room, GMAIL_BOUNDARY_MAX, "keepmail_%016llx%016llx",
		(unsigned long long)chance[0], (unsigned long long)chance[1]);
}

/* Sends it once. */
static bool send_once(const struct account_gmail *gmail,
	const struct destination_upload *upload, struct web_answer *answer,
	struct error *err)
{
	char boundary[GMAIL_BOUNDARY_MAX];
	struct buffer head;
	struct buffer tail;
	struct stat st = {.st_size = 0};

	make_boundary(boundary);
	buffer_init(&head, 4096);
	buffer_init(&tail, 256);
	bool ok = (upload->asks || fstat(upload->file, &st) == 0) &&
		gmail_head(gmail->labels, boundary, &head) &&
		gmail_tail(boundary, &tail);
	char *url = make_url(gmail, upload->asks);
	char *type = xasprintf("multipart/related; boundary=%s", boundary);
	const struct web_request request = {
		.url = url,
		.token = kept.token,
		.type = type,
		.head = buffer_bytes(&head),
		.head_length = buffer_length(&head),
		.file = upload->asks ? -1 : upload->file,
		.length = st.st_size,
		.tail = buffer_bytes(&tail),
		.tail_length = buffer_length(&tail),
		.seconds = REQUEST_SECONDS +
			st.st_size / REQUEST_OCTETS_PER_SECOND,
		.wait = upload->wait,
	};

	ok = ok ? web_send(kept.web, &request, answer, err)
		: error_set(err, ERROR_SOFTWARE, "a request is too long");
	free(url);
	free(type);
	buffer_release(&head);
	buffer_release(&tail);
	return ok;
}

static void wait_for(const struct patience *patience, int64_t seconds)
{
	const struct timespec tick = {.tv_nsec = 100000000};
	int64_t end = now_milliseconds() + seconds * 1000;

	while (now_milliseconds() < end && !patience_is_over(patience))
		nanosleep(&tick, NULL);
}

/* The answer may be shown, and recorded. */
static void hide_token(
	const struct account_remote *to, char *words, size_t length)
{
	uint64_t key[2] = {(uint64_t)now_milliseconds(), 0};
	struct login_mask mask;

	login_mask_init(&mask, key, to->login->user, kept.token);
	login_mask_apply(&mask, words, length);
}

/*
 * Is it worth another try, and when? Waits until then. Not if the message may
 * have been imported.
 */
static bool may_try_again(const struct destination_upload *upload,
	int64_t retry_after, int tried, bool *renewed)
{
	if (upload->said.verdict == GMAIL_TOKEN && !*renewed) {
		secret_free(kept.refused);
		kept.refused = kept.token;
		kept.token = NULL;
		*renewed = true;
		return true;
	}
	int64_t wait = retry_after >= 0 ? retry_after : INT64_C(1) << tried;

	if (upload->said.verdict != GMAIL_LIMIT || tried + 1 >= TRIES ||
		wait > WAIT_MAX)
		return false;
	wait_for(upload->wait, wait);
	return !patience_is_over(upload->wait);
}

void upload_send(void *data, struct destination_upload *upload)
{
	const struct dialler *dialler = data;
	const struct account_remote to = account_gmail(dialler->account);
	const struct account_gmail *gmail =
		&dialler->account->destination.gmail;
	struct web_answer *answer = xmalloc(sizeof *answer);
	bool renewed = false;
	int tried = 0;

	do {
		upload->answered = prepare(dialler->account, &to, upload->wait,
					   &upload->failure) &&
			send_once(gmail, upload, answer, &upload->failure);
		if (upload->answered) {
			hide_token(&to, answer->body, answer->length);
			/* What is not known to end confirms nothing. */
			if (answer->cut && answer->status == 200)
				answer->length = 0;
			gmail_judge(answer->status, answer->body,
				answer->length, &upload->said);
			/* It may have been escaped. */
			hide_token(&to, upload->said.why,
				strlen(upload->said.why));
		}
	} while (upload->answered &&
		may_try_again(upload, answer->retry_after, tried++, &renewed));
	free(answer);
}
