/* SPDX-License-Identifier: ISC */
/*
 * What the tests' servers that take mail have in common. Their options:
 *     --no NAME            leave out an extension
 *     --refuse TEXT        refuse messages that contain it, for good
 *     --reply STAGE:N:TEXT answer so at this stage of the Nth message (from 1;
 *                          0: of each); an empty TEXT: close the connection
 *                          instead; "-": no answer
 *     --delay MS           before each answer to a message
 *     --harm FILE          if there is such a file, removes it, and closes the
 *                          next connection after as many bytes as it says
 *
 * Each message that is accepted, or whose answer is lost, becomes a file of
 * DIRECTORY/new, with LF line ends. DIRECTORY/commands gets each command. PORT
 * is the file of script_listen.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SCRIPT_REPLIES_MAX 16

struct script {
	const char *directory;
	const char *without[SCRIPT_REPLIES_MAX];
	size_t without_count;
	const char *refused; /* what a message must not contain, or NULL */
	const char *harm;
	struct {
		const char *stage;
		size_t stage_length;
		unsigned message;
		const char *text;
	} replies[SCRIPT_REPLIES_MAX];
	size_t reply_count;
	unsigned delay;
	FILE *commands;
	unsigned messages; /* transactions begun */
	FILE *in;
	int out;
	long allowed; /* bytes that may still be sent; -1: any number */
	char *line;   /* without CRLF */
	size_t line_length;
	size_t line_room;
};

/* Reads the options, up to SOCKET or PORT, and DIRECTORY; exits if it cannot.
 */
void script_begin(struct script *script, int argc, char **argv);

/* What to answer at this stage; usual unless an option says otherwise. */
const char *script_reply(
	const struct script *script, const char *stage, const char *usual);

/* Is the extension to be left out? */
bool script_lacks(const struct script *script, const char *name);

/* Sends a line, or as much of it as is allowed; false: close. */
bool script_put(struct script *script, const char *text);

/* As script_put, for any bytes. */
bool script_put_bytes(struct script *script, const char *bytes, size_t length);

/* Answers at this stage; false: close the connection instead. */
bool script_answer(struct script *script, const char *stage, const char *usual);

/* Reads the next line; false at the end. */
bool script_read_line(struct script *script);

/* Does the line begin with this word, in any case? */
bool script_is(const struct script *script, const char *word);

/* Writes a message to DIRECTORY/new/NAME. */
void script_store(const struct script *script, const char *name,
	const char *text, size_t length);

/*
 * Listens on loopback. path: a file that gets the number of the port, or has it
 * from an earlier run. Exits if it cannot.
 */
int script_listen(const char *path);

/* Listens on fd, and serves one connection after another. */
void script_serve(struct script *script, int fd,
	bool (*greet)(struct script *script),
	bool (*obey)(struct script *script)) __attribute__((noreturn));

#endif
