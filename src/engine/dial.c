/* SPDX-License-Identifier: ISC */
#include "engine/dial.h"

#include "engine/upload.h"
#include "io/net/channel.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

static ssize_t send_some(void *data, const char *bytes, size_t length)
{
	return channel_send(data, bytes, length);
}

static ssize_t receive_some(void *data, char *bytes, size_t room)
{
	return channel_receive(data, bytes, room);
}

static void hang_up(void *data)
{
	channel_close(data);
}

static void hide(void *data, char *words, size_t length)
{
	channel_hide(data, words, length);
}

/* The account's destination has one of these kinds. */
static bool is_lmtp(const struct account_destination *destination)
{
	return destination->kind == DESTINATION_LMTP ||
		destination->onward.kind == DESTINATION_LMTP;
}

static bool dial(void *data, struct peer_channel *channel, struct error *err)
{
	const struct dialler *dialler = data;
	bool lmtp = is_lmtp(&dialler->account->destination);
	const struct account_remote to = lmtp ? account_lmtp(dialler->account)
					      : account_imap(dialler->account);
	char *password = NULL;

	/* LMTP has no login. */
	if (!lmtp &&
		!secret_get(&to, privilege_has_changed(), dialler->stop,
			&password, err))
		return false;
	struct channel *open = channel_open(&to, password, dialler->stop, err);

	secret_free(password);
	if (open == NULL)
		return false;
	*channel = (struct peer_channel){
		.data = open,
		.fd = channel_fd(open),
		.send = send_some,
		.receive = receive_some,
		.close = hang_up,
		.hide = hide,
	};
	return true;
}

struct destination_opening dial_opening(
	struct dialler *dialler, const struct account_destination *destination)
{
	return (struct destination_opening){
		.destination = destination,
		.spool_directory = dialler->account->state,
		.dial = dial,
		.dial_data = dialler,
		.upload = upload_send,
		.upload_data = dialler,
		.stop = dialler->stop,
	};
}
