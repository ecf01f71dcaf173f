/* SPDX-License-Identifier: ISC */
/*
 * Encrypts for the holders of certificates, and decrypts: the Cryptographic
 * Message Syntax (RFC 5652, RFC 5083), by OpenSSL.
 */
#ifndef IO_PROCESS_CMS_H
#define IO_PROCESS_CMS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"

struct cms_recipients;

/*
 * Reads all certificates of a PEM file, and tries to encrypt for them. Returns
 * NULL with ERROR_CREATE. The caller frees the result.
 */
struct cms_recipients *cms_recipients_read(const char *path, struct error *err);
void cms_recipients_free(struct cms_recipients *recipients);

/* Where encrypted text goes: lines of base64. */
struct cms_sink {
	bool (*put)(
		void *data, const char *text, size_t length, struct error *err);
	void *data;
};

struct cms_writer;

/*
 * Encrypts what is written, and passes it to sink as it comes. Returns NULL
 * with ERROR_SOFTWARE. The recipients are borrowed; the caller frees the
 * result. OpenSSL cannot encrypt nothing with GCM.
 */
struct cms_writer *cms_writer_new(const struct cms_recipients *recipients,
	enum encrypt_cipher cipher, const struct cms_sink *sink,
	struct error *err);

/* These fail with ERROR_SOFTWARE, or as the sink did. */
bool cms_writer_write(struct cms_writer *writer, const char *bytes,
	size_t length, struct error *err);
bool cms_writer_end(struct cms_writer *writer, struct error *err);

/* Safe on NULL. */
void cms_writer_free(struct cms_writer *writer);

struct cms_key;

/*
 * Reads a private key, and its certificate if that is the first one, from a PEM
 * file; OpenSSL asks for a passphrase on the terminal. Returns NULL with
 * ERROR_CREATE.
 */
struct cms_key *cms_key_read(const char *path, struct error *err);
void cms_key_free(struct cms_key *key);

struct cms_text {
	char *bytes; /* owned, and freed by the caller; a NUL follows */
	size_t length;
};

/* Decrypts lines of base64. Fails with ERROR_DATA. */
bool cms_decrypt(const struct cms_key *key, const char *base64, size_t length,
	struct cms_text *text, struct error *err);

#endif
