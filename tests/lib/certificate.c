/* SPDX-License-Identifier: ISC */
#include "certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static int add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, &context, nid, value);
	int ok = extension != NULL && X509_add_ext(certificate, extension, -1);

	X509_EXTENSION_free(extension);
	return ok;
}

static X509 *make_certificate(EVP_PKEY *key, const char *host, int expired)
{
	X509 *certificate = X509_new();
	char names[300];
	long day = 24 * 60 * 60;

	if (certificate == NULL)
		return NULL;
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * day);
	X509_gmtime_adj(
		X509_getm_notAfter(certificate), expired ? -day : 30 * day);
	X509_set_pubkey(certificate, key);
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)host, -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	snprintf(names, sizeof names, "DNS:%s%s", host,
		expired < 0 ? "" : ",IP:127.0.0.1");
	if (!add_extension(certificate, NID_subject_alt_name, names) ||
		!X509_sign(certificate, key, EVP_sha256())) {
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

/* The SHA-256 of the public key in base64, as in RFC 7469 section 2.4. */
static void write_pin(const char *path, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	unsigned char sha256[32];
	unsigned char text[64];
	int length = i2d_PUBKEY(key, &der);
	FILE *file = fopen(path, "w");

	if (length > 0 && file != NULL &&
		EVP_Digest(der, (size_t)length, sha256, NULL, EVP_sha256(),
			NULL)) {
		EVP_EncodeBlock(text, sha256, sizeof sha256);
		fprintf(file, "sha256//%s\n", (const char *)text);
	}
	if (file != NULL)
		fclose(file);
	OPENSSL_free(der);
}

SSL_CTX *certificate_context(
	const char *directory, const char *host, int expired)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate =
		key == NULL ? NULL : make_certificate(key, host, expired);
	char path[4096];

	if (context == NULL || certificate == NULL ||
		SSL_CTX_use_certificate(context, certificate) != 1 ||
		SSL_CTX_use_PrivateKey(context, key) != 1) {
		SSL_CTX_free(context);
		context = NULL;
	} else {
		snprintf(path, sizeof path, "%s/cert.pem", directory);
		FILE *file = fopen(path, "w");

		if (file != NULL) {
			PEM_write_X509(file, certificate);
			fclose(file);
		}
		snprintf(path, sizeof path, "%s/pin", directory);
		write_pin(path, key);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}
