/* SPDX-License-Identifier: ISC */
#include "io/process/cms.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"

struct cms_recipients {
	STACK_OF(X509) * certificates;
	const EVP_CIPHER *cipher;
};

struct cms_writer {
	struct cms_sink sink;
	CMS_ContentInfo *cms;
	BIO *text;   /* base64 that was not passed on yet */
	BIO *base64; /* in front of it */
	BIO *chain;  /* in front of that, as long as it is written to */
};

struct cms_key {
	EVP_PKEY *key;
	X509 *certificate; /* or NULL */
};

/* What OpenSSL says about its last failure. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *words = code == 0 ? NULL : ERR_reason_error_string(code);

	return words == NULL ? "unknown reason" : words;
}

static bool cannot_encrypt(struct error *err)
{
	return error_set(err, ERROR_SOFTWARE,
		"OpenSSL cannot encrypt the message: %s. Nothing was stored, and the mail stays on the server",
		reason());
}

/* ---- encrypting ---------------------------------------------------------- */

static const EVP_CIPHER *cipher_of(enum encrypt_cipher cipher)
{
	switch (cipher) {
	case ENCRYPT_AES_256_GCM:
		return EVP_aes_256_gcm();
	case ENCRYPT_AES_256_CBC:
		break;
	}
	return EVP_aes_256_cbc();
}

static bool drop(void *data, const char *text, size_t length, struct error *err)
{
	(void)data;
	(void)text;
	(void)length;
	(void)err;
	return true;
}

/* A certificate may be for a kind of key that cannot be used for this. */
static bool can_encrypt(
	const struct cms_recipients *recipients, struct error *err)
{
	const struct cms_sink sink = {.put = drop};
	struct cms_writer *writer = cms_writer_new(recipients, &sink, err);
	bool ok = writer != NULL && cms_writer_write(writer, "\r\n", 2, err) &&
		cms_writer_end(writer, err);

	cms_writer_free(writer);
	return ok;
}

/* Reads certificates until there are no more; false: one is damaged. */
static bool read_certificates(BIO *file, STACK_OF(X509) * certificates)
{
	X509 *one;

	while ((one = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(certificates, one) <= 0) {
			X509_free(one);
			return false;
		}
	}
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

struct cms_recipients *cms_recipients_read(
	const char *path, enum encrypt_cipher cipher, struct error *err)
{
	BIO *file = BIO_new_file(path, "r");

	if (file == NULL) {
		error_set(err, ERROR_CREATE,
			"cannot read the certificate %s (setting encrypt): %s. Nothing was fetched",
			path, strerror(errno));
		return NULL;
	}
	struct cms_recipients *recipients = xmalloc(sizeof *recipients);
	struct error useless = {.kind = ERROR_NONE};

	ERR_clear_error();
	recipients->cipher = cipher_of(cipher);
	recipients->certificates = sk_X509_new_null();
	bool whole = read_certificates(file, recipients->certificates);

	BIO_free(file);
	if (!whole || sk_X509_num(recipients->certificates) == 0)
		error_set(err, ERROR_CREATE,
			"%s (setting encrypt) should contain certificates in PEM form, and does not%s%s. Nothing was fetched",
			path, whole ? "" : ": ", whole ? "" : reason());
	else if (!can_encrypt(recipients, &useless))
		error_set(err, ERROR_CREATE,
			"mail cannot be encrypted for a certificate in %s (setting encrypt): %s. Nothing was fetched",
			path, reason());
	else
		return recipients;
	cms_recipients_free(recipients);
	return NULL;
}

void cms_recipients_free(struct cms_recipients *recipients)
{
	if (recipients == NULL)
		return;
	sk_X509_pop_free(recipients->certificates, X509_free);
	free(recipients);
}

struct cms_writer *cms_writer_new(const struct cms_recipients *recipients,
	const struct cms_sink *sink, struct error *err)
{
	struct cms_writer *writer = xcalloc(1, sizeof *writer);

	ERR_clear_error();
	writer->sink = *sink;
	writer->text = BIO_new(BIO_s_mem());
	writer->base64 = BIO_new(BIO_f_base64());
	writer->cms = CMS_encrypt(recipients->certificates, NULL,
		recipients->cipher, CMS_STREAM | CMS_BINARY);
	if (writer->text != NULL && writer->base64 != NULL &&
		writer->cms != NULL) {
		BIO_push(writer->base64, writer->text);
		writer->chain = BIO_new_CMS(writer->base64, writer->cms);
	}
	if (writer->chain != NULL)
		return writer;
	cannot_encrypt(err);
	cms_writer_free(writer);
	return NULL;
}

/* Passes on the base64 that is ready. */
static bool drain(struct cms_writer *writer, struct error *err)
{
	char *text;
	long length = BIO_get_mem_data(writer->text, &text);
	bool ok = length <= 0 ||
		writer->sink.put(writer->sink.data, text, (size_t)length, err);

	(void)BIO_reset(writer->text);
	return ok;
}

bool cms_writer_write(struct cms_writer *writer, const char *bytes,
	size_t length, struct error *err)
{
	while (length > 0) {
		int piece = length < INT_MAX ? (int)length : INT_MAX;
		int n = BIO_write(writer->chain, bytes, piece);

		if (n <= 0)
			return cannot_encrypt(err);
		if (!drain(writer, err))
			return false;
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* Frees what encrypts, in front of the base64. */
static void free_chain(struct cms_writer *writer)
{
	while (writer->chain != NULL && writer->chain != writer->base64) {
		BIO *next = BIO_pop(writer->chain);

		BIO_free(writer->chain);
		writer->chain = next;
	}
	writer->chain = NULL;
}

bool cms_writer_end(struct cms_writer *writer, struct error *err)
{
	if (BIO_flush(writer->chain) <= 0)
		return cannot_encrypt(err);
	free_chain(writer);
	return drain(writer, err);
}

void cms_writer_free(struct cms_writer *writer)
{
	if (writer == NULL)
		return;
	free_chain(writer);
	CMS_ContentInfo_free(writer->cms);
	BIO_free(writer->base64);
	BIO_free(writer->text);
	free(writer);
}

/* ---- decrypting ---------------------------------------------------------- */

struct cms_key *cms_key_read(const char *path, struct error *err)
{
	BIO *file = BIO_new_file(path, "r");

	if (file == NULL) {
		error_set(err, ERROR_CREATE, "cannot read the key %s: %s", path,
			strerror(errno));
		return NULL;
	}
	struct cms_key *key = xcalloc(1, sizeof *key);

	ERR_clear_error();
	key->key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	if (key->key == NULL) {
		error_set(err, ERROR_CREATE,
			"cannot read a private key in PEM form from %s: %s",
			path, reason());
		BIO_free(file);
		cms_key_free(key);
		return NULL;
	}
	(void)BIO_seek(file, 0);
	key->certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	BIO_free(file);
	return key;
}

void cms_key_free(struct cms_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	X509_free(key->certificate);
	free(key);
}

static CMS_ContentInfo *parse(const char *base64, size_t length)
{
	BIO *text =
		length < INT_MAX ? BIO_new_mem_buf(base64, (int)length) : NULL;
	BIO *decoder = BIO_new(BIO_f_base64());
	CMS_ContentInfo *cms = NULL;

	if (text != NULL && decoder != NULL)
		cms = d2i_CMS_bio(BIO_push(decoder, text), NULL);
	BIO_free(decoder);
	BIO_free(text);
	return cms;
}

bool cms_decrypt(const struct cms_key *key, const char *base64, size_t length,
	struct cms_text *text, struct error *err)
{
	ERR_clear_error();
	CMS_ContentInfo *cms = parse(base64, length);
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;

	if (cms == NULL)
		error_set(err, ERROR_DATA,
			"what is encrypted is damaged or incomplete: %s",
			reason());
	/* The flag: tell if the key fits no recipient; without it, a random one
	 * would be used. */
	else if (out == NULL ||
		CMS_decrypt(cms, key->key, key->certificate, NULL, out,
			CMS_BINARY | CMS_DEBUG_DECRYPT) != 1)
		error_set(err, ERROR_DATA,
			"this key does not decrypt it, or it was changed: %s",
			reason());
	if (err->kind == ERROR_NONE) {
		text->length = (size_t)BIO_get_mem_data(out, &bytes);
		text->bytes = xmalloc(text->length + 1);
		memcpy(text->bytes, bytes, text->length);
		text->bytes[text->length] = '\0';
	}
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	return err->kind == ERROR_NONE;
}
