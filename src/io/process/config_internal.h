/* SPDX-License-Identifier: ISC */
/* What the files of config share. */
#ifndef IO_PROCESS_CONFIG_INTERNAL_H
#define IO_PROCESS_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/rc.h"
#include "core/setting.h"
#include "io/process/config.h"

/* The settings of an account, or those outside of all accounts of a file. */
struct config_layer {
	const char *name;   /* of the account; NULL: none */
	const char **texts; /* setting_count of them; NULL: not set here */
	size_t line;	    /* where it begins */
	/* There is a mistake in it, so it is unknown what it lacks. */
	bool doubtful;
};

/* An rc file. All texts are borrowed from rc, which contains passwords. */
struct config_file {
	const char *path;
	const struct config_file *parent; /* the including file; or NULL */
	unsigned depth;
	dev_t device; /* with inode: identifies the file */
	ino_t inode;
	struct rc rc;
	struct config_layer top;
	struct config_layer *accounts;
	size_t account_count;
	size_t first; /* the index of its first account in struct config */
	bool has_password;
};

/* Reports and counts a mistake on a line of a file (0: in all of it). */
void config_mistake(const char *path, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Expands ~ and ~/; NULL if the result is not an absolute path. */
char *config_expand_path(const char *text);

/*
 * Reads an rc file into new memory of *size bytes, which the caller wipes and
 * frees, and its status into *st. NULL, with the mistake reported, if it cannot
 * be read.
 */
char *config_file_load(const char *path, struct stat *st, size_t *size);

/*
 * Parses the file's text into its layers, and reports its mistakes. *jobs is
 * set if the file sets it.
 */
void config_file_parse(struct config_file *file, const char *text, size_t size,
	unsigned *jobs);

/* Wipes and frees what config_file_parse made. */
void config_file_forget(struct config_file *file);

#endif
