/* SPDX-License-Identifier: ISC */
/* Reads one rc file, and sorts its settings into layers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/config_internal.h"

#define FILE_MAX_BYTES (4 << 20)

/* Reads size bytes. False; with errno 0 if the file is not of that size. */
static bool read_whole(int fd, char *text, size_t size, size_t *length)
{
	while (*length <= size) {
		ssize_t n = read(fd, text + *length, size + 1 - *length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n == 0)
			break;
		if (n > 0)
			*length += (size_t)n;
	}
	errno = 0;
	return *length == size;
}

char *config_file_load(const char *path, struct stat *st, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;

	*size = 0;
	if (fd < 0 || fstat(fd, st) < 0) {
		config_mistake(path, 0, "cannot read it: %s", strerror(errno));
	} else if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX_BYTES) {
		config_mistake(path, 0,
			"it is not a regular file of at most %d MiB",
			FILE_MAX_BYTES >> 20);
	} else {
		size_t most = (size_t)st->st_size;

		text = xmalloc(most + 1);
		if (!read_whole(fd, text, most, size))
			config_mistake(path, 0, "cannot read it: %s",
				errno == 0 ? "it changed meanwhile"
					   : strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static void layer_init(struct config_layer *layer, const char *name,
	size_t line, bool doubtful)
{
	*layer = (struct config_layer){
		.name = name,
		.texts = xcalloc(setting_count, sizeof layer->texts[0]),
		.line = line,
		.doubtful = doubtful,
	};
}

static const char *variable(const char *name)
{
	return getenv(name);
}

/* Unknown settings and bad values were reported before. */
static void put_setting(struct config_file *file, struct config_layer *layer,
	struct rc_statement *statement)
{
	size_t at = setting_find(statement->name);

	if (at == setting_count)
		return;
	if (strcmp(statement->name, "password") == 0 ||
		strcmp(statement->name, "oauth-client-secret") == 0 ||
		strcmp(statement->name, "gmail-oauth-client-secret") == 0)
		file->has_password = true;
	size_t before = setting_path_at(&settings[at], statement->value);
	const char *written = statement->value + before;

	if (settings[at].is_path && written[0] == '~') {
		char *path = config_expand_path(written);

		if (path == NULL) {
			/* "~x" was reported as a bad value. */
			if (strchr("/", written[1]) != NULL)
				config_mistake(file->path,
					statement->place.line,
					"%s: there is no home directory for "
					"the ~: set HOME, or write the path in "
					"full",
					statement->name);
			layer->doubtful = true;
			return;
		}
		char *value = xasprintf(
			"%.*s%s", (int)before, statement->value, path);

		free(path);
		free(statement->value);
		statement->value = value;
	}
	layer->texts[at] = statement->value;
}

void config_file_parse(
	struct config_file *file, const char *text, size_t size, unsigned *jobs)
{
	struct rc *rc = &file->rc;
	struct config_layer *layer = &file->top;

	rc_parse(rc, text, size, variable);
	rc_check(rc);
	for (size_t i = 0; i < rc->mistake_count; i++)
		config_mistake(file->path, rc->mistakes[i].place.line, "%s",
			rc->mistakes[i].text);
	layer_init(&file->top, NULL, 0, rc->doubtful);
	for (size_t i = 0; i < rc->count; i++) {
		struct rc_statement *one = &rc->statements[i];

		if (one->kind == RC_ACCOUNT) {
			file->accounts = xreallocarray(file->accounts,
				file->account_count + 1,
				sizeof file->accounts[0]);
			layer = &file->accounts[file->account_count++];
			layer_init(layer, one->name, one->place.line,
				one->doubtful);
		} else if (one->kind == RC_END) {
			layer = &file->top;
		} else if (one->kind == RC_SETTING &&
			strcmp(one->name, "jobs") == 0) {
			rc_parse_jobs(one->value, jobs);
		} else if (one->kind == RC_SETTING) {
			put_setting(file, layer, one);
		}
	}
}

void config_file_forget(struct config_file *file)
{
	free(file->top.texts);
	for (size_t i = 0; i < file->account_count; i++)
		free(file->accounts[i].texts);
	free(file->accounts);
	file->accounts = NULL;
	file->account_count = 0;
	rc_release(&file->rc);
}
