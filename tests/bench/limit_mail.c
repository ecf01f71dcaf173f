/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limit.h"

#define BATCH 256
#define OUT_SIZE (1u << 20)
#define NAME_SIZE 48

/* Files in tmp/ that are made durable together. */
struct batch {
	size_t count;
	char names[BATCH][NAME_SIZE];
};

static struct {
	bool mbox;
	int tmp; /* directories of the Maildir */
	int new;
	int file; /* being written: a message, or the mbox */
	char *out;
	size_t out_length;
	struct batch *open;    /* being filled */
	struct batch *at_work; /* being made durable by the thread, or NULL */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool over;
} mail = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

static void make_durable(const struct batch *batch)
{
	if (syncfs(mail.tmp) < 0)
		limit_fail("syncfs");
	for (size_t i = 0; i < batch->count; i++) {
		if (renameat(mail.tmp, batch->names[i], mail.new,
			    batch->names[i]) < 0)
			limit_fail("rename");
	}
	if (fsync(mail.new) < 0)
		limit_fail("fsync");
}

/*
 * In parallel with the network: one batch is made durable while the next one
 * arrives.
 */
static void *work(void *unused)
{
	pthread_mutex_lock(&mail.lock);
	for (;;) {
		struct batch *batch = mail.at_work;

		if (batch == NULL && mail.over)
			break;
		if (batch == NULL) {
			pthread_cond_wait(&mail.changed, &mail.lock);
			continue;
		}
		pthread_mutex_unlock(&mail.lock);
		make_durable(batch);
		free(batch);
		pthread_mutex_lock(&mail.lock);
		mail.at_work = NULL;
		pthread_cond_broadcast(&mail.changed);
	}
	pthread_mutex_unlock(&mail.lock);
	return unused;
}

static struct batch *new_batch(void)
{
	struct batch *batch = malloc(sizeof *batch);

	if (batch == NULL)
		abort();
	batch->count = 0;
	return batch;
}

static void hand_over(void)
{
	pthread_mutex_lock(&mail.lock);
	while (mail.at_work != NULL)
		pthread_cond_wait(&mail.changed, &mail.lock);
	mail.at_work = mail.open;
	pthread_cond_broadcast(&mail.changed);
	pthread_mutex_unlock(&mail.lock);
	mail.open = new_batch();
}

static int open_part(const char *path, const char *part)
{
	char name[4096];

	snprintf(name, sizeof name, "%s/%s", path, part);
	if (mkdir(name, 0700) < 0 && errno != EEXIST)
		limit_fail(name);
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		limit_fail(name);
	return fd;
}

void mail_open(bool mbox, const char *path)
{
	mail.mbox = mbox;
	mail.out = malloc(OUT_SIZE);
	if (mail.out == NULL)
		abort();
	if (mbox) {
		mail.file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		if (mail.file < 0)
			limit_fail(path);
		return;
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		limit_fail(path);
	mail.tmp = open_part(path, "tmp");
	mail.new = open_part(path, "new");
	close(open_part(path, "cur"));
	mail.open = new_batch();
	if (pthread_create(&mail.thread, NULL, work, NULL) != 0)
		limit_fail("thread");
}

static void write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(mail.file, bytes, length);

		if (n < 0)
			limit_fail("write");
		bytes += n;
		length -= (size_t)n;
	}
}

static void flush(void)
{
	write_all(mail.out, mail.out_length);
	mail.out_length = 0;
}

static void put(const char *bytes, size_t length)
{
	if (mail.out_length + length > OUT_SIZE)
		flush();
	memcpy(mail.out + mail.out_length, bytes, length);
	mail.out_length += length;
}

void mail_begin(size_t number)
{
	static const char from[] =
		"From alice@example.org Fri Mar  1 00:00:00 2024\n";

	if (mail.mbox) {
		put(from, sizeof from - 1);
		return;
	}
	char *name = mail.open->names[mail.open->count++];

	snprintf(name, NAME_SIZE, "1700000000.%zu.limit", number);
	mail.file = openat(
		mail.tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (mail.file < 0)
		limit_fail("open");
}

void mail_line(const char *line, size_t length)
{
	/* mboxrd: ^>*From_ gets another > in front. */
	if (mail.mbox && (line[0] == 'F' || line[0] == '>')) {
		size_t quotes = 0;

		while (line[quotes] == '>')
			quotes++;
		if (length - quotes >= 5 &&
			memcmp(line + quotes, "From ", 5) == 0)
			put(">", 1);
	}
	put(line, length);
}

void mail_end(void)
{
	if (mail.mbox) {
		put("\n", 1);
		return;
	}
	flush();
	close(mail.file);
	if (mail.open->count == BATCH)
		hand_over();
}

void mail_finish(void)
{
	if (mail.mbox) {
		flush();
		if (fdatasync(mail.file) < 0)
			limit_fail("fdatasync");
		return;
	}
	hand_over();
	pthread_mutex_lock(&mail.lock);
	mail.over = true;
	pthread_cond_broadcast(&mail.changed);
	pthread_mutex_unlock(&mail.lock);
	pthread_join(mail.thread, NULL);
	free(mail.open);
}
