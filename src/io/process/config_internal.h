/* SPDX-License-Identifier: ISC */
/* What reading an rc file and making accounts of it share. */
#ifndef IO_PROCESS_CONFIG_INTERNAL_H
#define IO_PROCESS_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/rc.h"
#include "core/setting.h"
#include "io/process/config.h"

/* The settings of one place: outside of the accounts of a file, or of one. */
struct config_layer {
	const char *name;   /* the account's; NULL: it has no good one */
	const char **texts; /* setting_count of them; NULL: not set here */
	size_t line;	    /* where it begins */
	/* A mistake stands in it: nobody can tell what it lacks. */
	bool doubtful;
};

/* An rc file. What is in it belongs to rc, which holds passwords. */
struct config_file {
	const char *path;
	const struct config_file *parent; /* that includes this one; or NULL */
	unsigned depth;
	dev_t device; /* with inode: which file it is, by whatever name */
	ino_t inode;
	struct rc rc;
	struct config_layer top;
	struct config_layer *accounts;
	size_t account_count;
	size_t first; /* its first account's place among those of all files */
	bool has_password;
};

/* Reports a mistake on a line of a file (0: of the whole), and counts it. */
void config_mistake(const char *path, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ~ and ~/ expanded; NULL when the result is no absolute path. */
char *config_expand_path(const char *text);

/*
 * The bytes of an rc file in new memory of *size bytes, which the caller wipes;
 * NULL, with the mistake reported, if it cannot be read. *st: of the file.
 */
char *config_file_load(const char *path, struct stat *st, size_t *size);

/*
 * Makes the file's layers of its text, the mistakes reported. *jobs gets the
 * number that is set there, if one is.
 */
void config_file_parse(struct config_file *file, const char *text, size_t size,
	unsigned *jobs);

/* Wipes and frees what was made. */
void config_file_forget(struct config_file *file);

#endif
