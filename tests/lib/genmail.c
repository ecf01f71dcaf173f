/* SPDX-License-Identifier: ISC */
/*
 * genmail FOLDER COUNT [SEED [usual]]: writes varied messages, one per file,
 * the same ones for the same seed, with every difficulty that line ends, dots,
 * quoting and bytes can cause for a fetcher. Lines end in LF; the server sends
 * CRLF. usual: of about 3 KiB, without the very large ones.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static bool usual;

static unsigned chance(unsigned below)
{
	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % below;
}

static void words(FILE *file, unsigned count)
{
	static const char *const list[] = {"mail", "the", "server", "quick",
		"fox", "From", "archive", "Gr\303\274\303\237e", "report", "a",
		"of", "and", "."};

	for (unsigned i = 0; i < count; i++)
		fprintf(file, "%s%s", i > 0 ? " " : "",
			list[chance(sizeof list / sizeof list[0])]);
}

static void lines(FILE *file, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		words(file, chance(14));
		putc('\n', file);
	}
}

static void header(FILE *file, unsigned number, const char *subject)
{
	fprintf(file,
		"Return-Path: <sender%u@example.org>\n"
		"Received: from mx.example.org (mx.example.org [192.0.2.1])\n"
		"\tby pop.example.org with ESMTPS id %08x\n"
		"\tfor <test@example.org>; Fri, 01 Mar 2024 00:00:00 +0000\n"
		"Message-ID: <%u.%08x@example.org>\n"
		"From: Sender %u <sender%u@example.org>\n"
		"To: test@example.org\n"
		"Subject: %s\n"
		"Date: Fri, 01 Mar 2024 00:00:00 +0000\n",
		number, chance(0x7fffffff), number, chance(0x7fffffff), number,
		number, subject);
}

static void repeated(FILE *file, const char *text, unsigned count)
{
	while (count-- > 0)
		fputs(text, file);
}

static void random_bytes(FILE *file, unsigned count, unsigned from)
{
	while (count-- > 0) {
		unsigned byte = from + chance(256 - from);

		putc(byte == '\r' ? ' ' : (int)byte, file);
	}
}

/* Writes one of the kinds of bodies. */
static void body(FILE *file, unsigned kind)
{
	switch (kind) {
	case 0:
		fputs(".\n..\n...\n.a\n.\n\n.\n", file);
		break;
	case 1:
		fputs("From me\n>From you\n>>From us\nFrom\nFromage\n From x\n"
		      "\n\nFrom here\n",
			file);
		break;
	case 2: /* empty body */
		break;
	case 3:
		repeated(file, "a very long line without any end ", 3000);
		putc('\n', file);
		break;
	case 4:
		random_bytes(file, 3000, 128);
		putc('\n', file);
		break;
	case 5:
		fputs("a bare \r in a line, one at its end\r\r\n\rand at its "
		      "start\n",
			file);
		break;
	case 6:
		fputs("no line end at the end", file);
		break;
	case 7:
		repeated(file, "\n", 200);
		break;
	case 8:
		for (unsigned i = 0; i < 400; i++)
			fputs("TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFueSBoYW5k"
			      "cyBtYWtlIGxpZ2h0IHdvcms=\n",
				file);
		break;
	case 9:
		fputs("tabs\tand\fother\vcontrols \x1b[31m \x07 \x7f\n", file);
		lines(file, 10);
		break;
	case 10:
		/* Dots and From_ lines near the edges of likely blocks. */
		for (unsigned i = 0; i < 60; i++) {
			repeated(file, "x", 1000 + chance(100));
			fputs("\n.dot\nFrom edge\n>From edge\n", file);
		}
		break;
	default:
		lines(file, usual ? 60 + chance(150) : 5 + chance(60));
		break;
	}
}

static bool is_large(unsigned kind)
{
	return kind == 3 || kind == 8 || kind == 10 || kind == 14 || kind == 15;
}

static void message(FILE *file, unsigned number)
{
	unsigned kind = number % 23;
	char subject[64];

	if (usual && is_large(kind))
		kind = 16;

	snprintf(subject, sizeof subject, "kind %u, message %u", kind, number);
	if (kind == 11) { /* no header at all */
		fputs("\n", file);
		body(file, 99);
		return;
	}
	if (kind == 12) { /* only a header, without even an empty line */
		header(file, number, subject);
		return;
	}
	if (kind == 13) { /* one line */
		fputs("x\n", file);
		return;
	}
	if (kind == 14) { /* a folded and a very long header */
		fputs("Subject: =?utf-8?q?=1B[2J?=\n\t\x1b]0;owned\x07\n",
			file);
		fputs("X-Long: ", file);
		repeated(file, "0123456789", 2000);
		putc('\n', file);
	}
	header(file, number, subject);
	if (kind == 15) { /* occasionally a large one */
		putc('\n', file);
		repeated(file,
			"a line of a large message, 48 octets long......\n",
			6000);
		return;
	}
	putc('\n', file);
	body(file, kind);
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc < 3) {
		fprintf(stderr, "usage: genmail FOLDER COUNT [SEED [usual]]\n");
		return 2;
	}
	long count = strtol(argv[2], NULL, 10);

	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	usual = argc > 4 && strcmp(argv[4], "usual") == 0;
	for (long i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%06ld.eml", argv[1], i);
		FILE *file = fopen(path, "wb");

		if (file == NULL) {
			perror(path);
			return 1;
		}
		message(file, (unsigned)i);
		fclose(file);
	}
	return 0;
}
