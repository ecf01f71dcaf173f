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
#include "io/process/streams.h"

struct cms_recipients {
	STACK_OF(X509) * certificates;
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

/* What OpenSSL says about the first failure. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *words = code == 0 ? NULL : ERR_reason_error_string(code);

	return words == NULL ? "OpenSSL gives no reason" : words;
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
	struct cms_writer *writer =
		cms_writer_new(recipients, ENCRYPT_AES_256_CBC, &sink, err);
	bool ok = writer != NULL && cms_writer_write(writer, "\r\n", 2, err) &&
		cms_writer_end(writer, err);

	cms_writer_free(writer);
	return ok;
}

/* Counts the lines that begin or end a certificate, as they should be or not.
 */
static int count_marks(BIO *file)
{
	char line[256];
	int marks = 0;

	while (BIO_gets(file, line, sizeof line) > 0)
		marks += strstr(line, "BEGIN CERTIFICATE") != NULL ||
			strstr(line, "END CERTIFICATE") != NULL;
	return marks;
}

/* Reads the certificates. False: there are none, or one cannot be read. */
static bool read_certificates(BIO *file, STACK_OF(X509) * certificates)
{
	int marks = count_marks(file);
	X509 *one;

	(void)BIO_seek(file, 0);
	ERR_clear_error();
	while ((one = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(certificates, one) <= 0) {
			X509_free(one);
			return false;
		}
	}
	return sk_X509_num(certificates) > 0 &&
		marks <= 2 * sk_X509_num(certificates);
}

struct cms_recipients *cms_recipients_read(const char *path, struct error *err)
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

	recipients->certificates = sk_X509_new_null();
	bool whole = read_certificates(file, recipients->certificates);

	BIO_free(file);
	if (!whole)
		error_set(err, ERROR_CREATE,
			"not all certificates in %s (setting encrypt) can be read: each should be in PEM form, from its line BEGIN CERTIFICATE to its line END CERTIFICATE. Nothing was fetched",
			path);
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
	enum encrypt_cipher cipher, const struct cms_sink *sink,
	struct error *err)
{
	struct cms_writer *writer = xcalloc(1, sizeof *writer);

	ERR_clear_error();
	writer->sink = *sink;
	writer->text = BIO_new(BIO_s_mem());
	writer->base64 = BIO_new(BIO_f_base64());
	writer->cms = CMS_encrypt(recipients->certificates, NULL,
		cipher_of(cipher), CMS_STREAM | CMS_BINARY);
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

/* Without a terminal, OpenSSL would read the passphrase from standard input. */
static int no_passphrase(char *room, int size, int writing, void *data)
{
	(void)room;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

struct cms_key *cms_key_read(const char *path, struct error *err)
{
	BIO *file = BIO_new_file(path, "r");
	bool terminal = streams_has_terminal();

	if (file == NULL) {
		error_set(err, ERROR_CREATE, "cannot read the key %s: %s", path,
			strerror(errno));
		return NULL;
	}
	struct cms_key *key = xcalloc(1, sizeof *key);

	ERR_clear_error();
	key->key = PEM_read_bio_PrivateKey(
		file, NULL, terminal ? NULL : no_passphrase, NULL);
	if (key->key == NULL) {
		error_set(err, ERROR_CREATE,
			"cannot read a private key in PEM form from %s: %s%s",
			path, reason(),
			terminal
				? ""
				: " (there is no terminal to ask for a passphrase)");
		BIO_free(file);
		cms_key_free(key);
		return NULL;
	}
	(void)BIO_seek(file, 0);
	key->certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	BIO_free(file);
	/* That of an authority, perhaps. */
	if (key->certificate != NULL &&
		X509_check_private_key(key->certificate, key->key) != 1) {
		X509_free(key->certificate);
		key->certificate = NULL;
	}
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

/* Tells it to use the key for this recipient. */
static bool choose(CMS_ContentInfo *cms, const struct cms_key *key, int i)
{
	CMS_RecipientInfo *recipient =
		sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), i);

	if (recipient == NULL ||
		CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_TRANS ||
		EVP_PKEY_up_ref(key->key) != 1)
		return false;
	return CMS_RecipientInfo_set0_pkey(recipient, key->key) == 1 &&
		CMS_RecipientInfo_decrypt(cms, recipient) == 1;
}

/* Which recipient the key is tried for. */
enum { OF_CERTIFICATE = -2, ANY_RECIPIENT = -1 };

/* Decrypts to out, which is empty. */
static bool try_recipient(CMS_ContentInfo *cms, const struct cms_key *key,
	int recipient, BIO *out)
{
	/* The flag: tell if the key does not fit; without it, a random one
	 * would be used. */
	const unsigned flags = CMS_BINARY | CMS_DEBUG_DECRYPT;

	if (recipient >= 0)
		return choose(cms, key, recipient) &&
			CMS_decrypt(cms, NULL, NULL, NULL, out, flags) == 1;
	return CMS_decrypt(cms, key->key,
		       recipient == OF_CERTIFICATE ? key->certificate : NULL,
		       NULL, out, flags) == 1;
}

static bool cannot_parse(struct error *err)
{
	return error_set(err, ERROR_DATA,
		"what is encrypted is damaged or incomplete: %s", reason());
}

/*
 * If the certificate is not known, OpenSSL takes the first recipient for whom
 * what the key decrypts looks like a key; it may be another's, by chance. So
 * each is tried by itself then.
 */
static bool decrypt_for_any(const struct cms_key *key, const char *base64,
	size_t length, BIO *out, struct error *err)
{
	int count = 0;

	for (int i = key->certificate == NULL ? ANY_RECIPIENT : OF_CERTIFICATE;
		i < count; i++) {
		/* What was tried before has left its traces. */
		CMS_ContentInfo *cms = parse(base64, length);

		if (cms == NULL)
			return cannot_parse(err);
		(void)BIO_reset(out);
		count = sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms));
		bool ok = try_recipient(cms, key, i, out);

		CMS_ContentInfo_free(cms);
		if (ok)
			return true;
	}
	return error_set(err, ERROR_DATA,
		"this key does not decrypt it, or it was changed: %s",
		reason());
}

bool cms_decrypt(const struct cms_key *key, const char *base64, size_t length,
	struct cms_text *text, struct error *err)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;

	ERR_clear_error();
	bool ok = out == NULL ? cannot_parse(err)
			      : decrypt_for_any(key, base64, length, out, err);

	if (ok) {
		text->length = (size_t)BIO_get_mem_data(out, &bytes);
		text->bytes = xmalloc(text->length + 1);
		memcpy(text->bytes, bytes, text->length);
		text->bytes[text->length] = '\0';
	}
	BIO_free(out);
	return ok;
}
