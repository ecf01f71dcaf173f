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
#include "io/net/web.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

/* How often a message is tried, and the longest wait between, in seconds. */
#define TRIES 5
#define WAIT_MAX 60
/* A message of 150 MiB at a quarter of a megabyte per second. */
#define REQUEST_SECONDS 600

/* What the process keeps from one message to the next. */
static struct {
	struct web *web;
	char *token;
} kept;

static void fail(struct destination_upload *upload, const struct error *err)
{
	upload->status = 0;
	upload->failure = err->kind;
	upload->length = (size_t)snprintf(upload->answer, sizeof upload->answer,
		"%s%s%s", err->text, err->server[0] == '\0' ? "" : ": ",
		err->server);
	if (upload->length >= sizeof upload->answer)
		upload->length = sizeof upload->answer - 1;
}

static bool prepare(const struct dialler *dialler,
	const struct account_remote *to, struct error *err)
{
	if (kept.token == NULL &&
		!secret_get(to, privilege_has_changed(), dialler->stop,
			&kept.token, err))
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
		.seconds = REQUEST_SECONDS,
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

/* Is it worth another try, and when? Waits until then. */
static bool may_try_again(const struct patience *patience,
	const struct web_answer *answer, int tried, bool *renewed)
{
	struct gmail_answer said;

	gmail_judge(answer->status, answer->body, answer->length, &said);
	if (said.verdict == GMAIL_TOKEN && !*renewed) {
		secret_free(kept.token);
		kept.token = NULL;
		*renewed = true;
		return true;
	}
	int64_t wait = answer->retry_after >= 0 ? answer->retry_after
						: INT64_C(1) << tried;

	if (said.verdict != GMAIL_LATER || answer->status < 400 ||
		tried + 1 >= TRIES || wait > WAIT_MAX)
		return false;
	wait_for(patience, wait);
	return !patience_is_over(patience);
}

/* The answer may be shown, and recorded. */
static void hide_token(
	const struct account_remote *to, struct web_answer *answer)
{
	uint64_t key[2] = {(uint64_t)now_milliseconds(), 0};
	struct login_mask mask;

	if (kept.token == NULL)
		return;
	login_mask_init(&mask, key, to->login->user, kept.token);
	login_mask_apply(&mask, answer->body, answer->length);
}

void upload_send(void *data, struct destination_upload *upload)
{
	const struct dialler *dialler = data;
	const struct account_remote to = account_gmail(dialler->account);
	const struct account_gmail *gmail =
		&dialler->account->destination.gmail;
	struct error err = {.kind = ERROR_NONE};
	struct web_answer answer = {.status = 0};
	bool renewed = false;
	int tried = 0;

	do {
		if (!prepare(dialler, &to, &err) ||
			!send_once(gmail, upload, &answer, &err)) {
			fail(upload, &err);
			return;
		}
	} while (may_try_again(upload->wait, &answer, tried++, &renewed));
	hide_token(&to, &answer);
	upload->status = (int)answer.status;
	upload->length = answer.length < sizeof upload->answer
		? answer.length
		: sizeof upload->answer;
	memcpy(upload->answer, answer.body, upload->length);
}
