/* SPDX-License-Identifier: ISC */
#include "io/process/digest.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/text.h"
#include "core/xalloc.h"

struct digest {
	EVP_MD_CTX *context;
};

/* Fails only if memory runs out or OpenSSL is misconfigured. */
static void need(int ok)
{
	if (ok == 1)
		return;
	fputs("keepmail: OpenSSL cannot compute SHA-256; no mail was lost, check its configuration (openssl.cnf)\n",
		stderr);
	exit(EX_SOFTWARE);
}

const char *digest_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

struct digest *digest_new(void)
{
	struct digest *digest = xmalloc(sizeof *digest);

	digest->context = EVP_MD_CTX_new();
	need(digest->context != NULL);
	need(EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL));
	return digest;
}

struct digest *digest_copy(const struct digest *digest)
{
	struct digest *copy = digest_new();

	need(EVP_MD_CTX_copy_ex(copy->context, digest->context));
	return copy;
}

void digest_free(struct digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void digest_restart(struct digest *digest)
{
	/* No type: that of the context is used, without another look-up. */
	need(EVP_DigestInit_ex(digest->context, NULL, NULL));
}

void digest_update(struct digest *digest, const void *bytes, size_t length)
{
	need(EVP_DigestUpdate(digest->context, bytes, length));
}

void digest_finish(struct digest *digest, unsigned char sha256[DIGEST_LENGTH])
{
	need(EVP_DigestFinal_ex(digest->context, sha256, NULL));
}

bool digest_pin(const char *certificate, char pin[DIGEST_PIN_LENGTH + 1])
{
	BIO *text = BIO_new_mem_buf(certificate, -1);
	X509 *x509 =
		text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);
	unsigned char *key = NULL;
	int length = x509 == NULL
		? -1
		: i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);
	unsigned char sha256[DIGEST_LENGTH];
	bool ok = length > 0 &&
		EVP_Digest(key, (size_t)length, sha256, NULL, EVP_sha256(),
			NULL) == 1;

	pin[0] = '\0';
	if (ok) {
		memcpy(pin, "sha256//", 8);
		text_base64(pin + 8, sha256, sizeof sha256);
	}
	OPENSSL_free(key);
	X509_free(x509);
	BIO_free(text);
	return ok;
}
