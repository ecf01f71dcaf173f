/* SPDX-License-Identifier: ISC */
/* What parsing an rc file and making accounts of it share. */
#ifndef IO_CONFIG_INSIDE_H
#define IO_CONFIG_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/setting.h"
#include "io/config.h"

#define UNKNOWN_MAX 64

/* The settings of one place: the top of a file, or an account. */
struct config_layer {
	char *name;   /* the account's; NULL at the top of a file */
	char **texts; /* setting_count of them; NULL: not set here */
	int *lines;
	int line;    /* where it begins */
	bool closed; /* its section has ended */
};

struct config_include {
	char *pattern;
	int line;
};

/* A name that libconfuse does not know, taught to it so that it reads on. */
struct config_unknown {
	char *name;
	int line;
	bool section;
};

struct config_file {
	const char *path;
	const struct config_file *parent; /* that includes this one; or NULL */
	unsigned depth;
	dev_t device; /* with inode: which file it is, by whatever name */
	ino_t inode;
	struct config_layer top;
	struct config_layer *accounts;
	size_t account_count;
	struct config_include *includes;
	size_t include_count;
	struct config_unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	bool again;	   /* something unknown was found: read it once more */
	int password_line; /* where the last one stood */
	int said_line;	   /* a mistake on this line was reported already */
	bool torn;	   /* its syntax is wrong: not all of it was read */
	bool has_password;
};

/* libconfuse's callbacks carry no pointer of ours. */
struct config_reading {
	struct config *config;
	struct config_file *file;
	void (*report)(const char *line);
	size_t mistakes;
	bool silent; /* a pass that will be repeated */
	char *default_state;
	const char *forced_state;
};

extern struct config_reading config_reading;

/* Reports a mistake on a line of a file (0: of the whole), and counts it. */
void config_mistake(const char *path, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Gives the account what the text says; false: it is not what is expected. */
bool config_apply(struct account *account, const struct setting *setting,
	const char *text);

/*
 * The text of an rc file, ended by a line end and a NUL, in new memory of *size
 * octets that the caller wipes; NULL, with the mistake reported, if it cannot
 * be read. *st: of the file.
 */
char *config_text_read(const char *path, struct stat *st, size_t *size);

/*
 * Makes blanks of the text's comments (# and // to the end of the line, and
 * between slash-star and star-slash), except for their line ends. On the way it
 * reports what libconfuse lets pass: a # in a value, and braces that are never
 * closed.
 */
void config_text_blank(const char *path, char *text);

/*
 * Collects what the stream has into the file's layers and includes, the
 * mistakes reported.
 */
void config_parse_stream(struct config_file *file, FILE *stream);

/* Wipes and frees what was collected. */
void config_file_forget(struct config_file *file);

#endif
