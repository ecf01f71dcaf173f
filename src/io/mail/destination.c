/* SPDX-License-Identifier: ISC */
#include "io/mail/destination.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/gmail.h"
#include "io/mail/imap.h"
#include "io/mail/lmtp.h"
#include "io/mail/maildir.h"
#include "io/mail/mbox.h"
#include "io/mail/pipe.h"
#include "io/mail/place.h"
#include "io/process/directory.h"

static bool is_not_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 && errno == ENOENT;
}

static char *maildir_directory(const char *path)
{
	return xstrdup(path);
}

static char *maildir_synced(const char *path)
{
	return xasprintf("%s/new", path);
}

static char *maildir_where(
	const struct account_destination *to, const struct letter *letter)
{
	char size[32] = "";

	if (to->maildir_size)
		snprintf(size, sizeof size, ",S=%llu",
			(unsigned long long)letter->octets);
	return xasprintf("%s/new/%s%s", to->path, letter->name, size);
}

/*
 * A directory that exists, but has nothing of a Maildir in it, counts as
 * missing.
 */
static bool maildir_is_missing(const char *path)
{
	char *cur = xasprintf("%s/cur", path);
	bool missing = is_not_there(cur);

	free(cur);
	return missing;
}

/* Which copies are keepmail's is known from their names (local_has_ours). */
static bool maildir_has_mail(const char *path)
{
	(void)path;
	return false;
}

static bool maildir_is_ours(const struct letter *letter)
{
	return maildir_name_is_ours(letter->name);
}

static char *mbox_directory(const char *path)
{
	char *directory = xstrdup(path);
	char *slash = strrchr(directory, '/');

	if (slash != NULL)
		slash[slash == directory] = '\0';
	return directory;
}

static char *mbox_where(
	const struct account_destination *to, const struct letter *letter)
{
	(void)letter;
	return xstrdup(to->path);
}

/* Nothing in an mbox says who wrote it. */
static bool mbox_has_mail(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_nlink == 1 && st.st_size > 0;
}

static bool mbox_is_ours(const struct letter *letter)
{
	return letter->length > 0;
}

static const struct destination_traits maildir_traits = {
	.ops = &maildir_ops,
	.words = "a Maildir",
	.findable = true,
	.rereadable = true,
	.named = true,
	.opens_copies = true,
	.directory = maildir_directory,
	.synced = maildir_synced,
	.where = maildir_where,
	.is_missing = maildir_is_missing,
	.has_mail = maildir_has_mail,
	.is_ours = maildir_is_ours,
	.check = place_check_maildir,
};

static const struct destination_traits mbox_traits = {
	.ops = &mbox_ops,
	.words = "an mbox",
	.findable = true,
	.rereadable = true,
	.needs_head = true,
	.directory = mbox_directory,
	.synced = mbox_directory,
	.where = mbox_where,
	.is_missing = is_not_there,
	.has_mail = mbox_has_mail,
	.is_ours = mbox_is_ours,
	.check = place_check_mbox,
};

/* ---- destinations that confirm: nothing is in the file system ------------ */

static char *outbox_directory(const char *path)
{
	(void)path;
	return NULL;
}

static char *outbox_where(
	const struct account_destination *to, const struct letter *letter)
{
	return xasprintf("%s%s%s%s", to->path,
		letter->name[0] == '\0' ? "" : " (", letter->name,
		letter->name[0] == '\0' ? "" : ")");
}

static bool outbox_is_missing(const char *path)
{
	(void)path;
	return false;
}

static bool outbox_is_ours(const struct letter *letter)
{
	(void)letter;
	return true;
}

/* What they have in common. */
#define OUTBOX_TRAITS                                                  \
	.confirms = true, .directory = outbox_directory,               \
	.synced = outbox_directory, .where = outbox_where,             \
	.is_missing = outbox_is_missing, .has_mail = maildir_has_mail, \
	.is_ours = outbox_is_ours

/* It can only be asked (ask). */
static bool outbox_check(const char *path, bool *there, struct error *err)
{
	(void)path;
	(void)err;
	*there = true;
	return true;
}

static const struct destination_traits lmtp_traits = {
	.ops = &lmtp_ops,
	.words = "an LMTP server",
	OUTBOX_TRAITS,
	.check = outbox_check,
	.ask = lmtp_ask,
};

static const struct destination_traits pipe_traits = {
	.ops = &pipe_ops,
	.words = "a command",
	OUTBOX_TRAITS,
	.check = pipe_check,
};

static const struct destination_traits imap_traits = {
	.ops = &imap_ops,
	.words = "an IMAP mailbox",
	OUTBOX_TRAITS,
	.needs_dates = true,
	.recovers = true,
	.check = outbox_check,
	.ask = imap_ask,
};

static const struct destination_traits gmail_traits = {
	.ops = &gmail_ops,
	.words = "Gmail",
	OUTBOX_TRAITS,
	.check = outbox_check,
	.ask = gmail_ask,
};

static bool none_check(const char *path, bool *there, struct error *err)
{
	(void)path;
	*there = false;
	return error_set(err, ERROR_CREATE, "no destination is set");
}

/* Answers every question as for an unknown file. */
static const struct destination_traits none_traits = {
	.words = "no destination",
	.directory = mbox_directory,
	.synced = mbox_directory,
	.where = mbox_where,
	.is_missing = is_not_there,
	.has_mail = maildir_has_mail,
	.is_ours = maildir_is_ours,
	.check = none_check,
};

const struct destination_traits *destination_traits(enum destination_kind kind)
{
	switch (kind) {
	case DESTINATION_NONE:
		break;
	case DESTINATION_MAILDIR:
		return &maildir_traits;
	case DESTINATION_MBOX:
		return &mbox_traits;
	case DESTINATION_LMTP:
		return &lmtp_traits;
	case DESTINATION_PIPE:
		return &pipe_traits;
	case DESTINATION_IMAP:
		return &imap_traits;
	case DESTINATION_GMAIL:
		return &gmail_traits;
	}
	return &none_traits;
}

char *destination_directory(enum destination_kind kind, const char *path)
{
	return destination_traits(kind)->directory(path);
}

char *destination_where(
	const struct account_destination *to, const struct letter *letter)
{
	return destination_traits(to->kind)->where(to, letter);
}

bool destination_can_sync(enum destination_kind kind, const char *path)
{
	char *synced = destination_traits(kind)->synced(path);
	bool can = synced == NULL || directory_can_sync(synced);

	free(synced);
	return can;
}

bool destination_is_missing(enum destination_kind kind, const char *path)
{
	return destination_traits(kind)->is_missing(path);
}

bool destination_has_mail(enum destination_kind kind, const char *path)
{
	return destination_traits(kind)->has_mail(path);
}

bool destination_is_ours(
	enum destination_kind kind, const struct letter *letter)
{
	return destination_traits(kind)->is_ours(letter);
}

bool destination_check(enum destination_kind kind, const char *path,
	bool *there, struct error *err)
{
	return destination_traits(kind)->check(path, there, err);
}
