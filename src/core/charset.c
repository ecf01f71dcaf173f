/* SPDX-License-Identifier: ISC */
#include "core/charset.h"

#include <string.h>
#include <strings.h>

/*
 * names: how mail names the charset, in lower case. opens: names for iconv(3),
 * either of the charset itself or of a larger one that mail usually means by
 * it; the first one available is used. Charsets that are not used in headers
 * are omitted, since each one is a module to load that parses untrusted data.
 */
static const struct row {
	const char *names;
	const char *opens[2];
} rows[] = {
	[CHARSET_UTF_8] = {"utf-8 utf8", {NULL}},
	[CHARSET_ASCII] = {"us-ascii ascii ansi_x3.4-1968", {NULL}},
	/* Mail labelled as Latin 1 is usually in Windows-1252, and does not
	 * contain C1 controls. */
	[CHARSET_WINDOWS_1252] = {"iso-8859-1 iso8859-1 iso_8859-1 latin1 "
				  "windows-1252 cp1252",
		{"CP1252", "WINDOWS-1252"}},
	{"iso-8859-2 iso8859-2 latin2", {"ISO-8859-2"}},
	{"iso-8859-3 iso8859-3", {"ISO-8859-3"}},
	{"iso-8859-4 iso8859-4", {"ISO-8859-4"}},
	{"iso-8859-5 iso8859-5", {"ISO-8859-5"}},
	{"iso-8859-6 iso8859-6", {"ISO-8859-6"}},
	{"iso-8859-7 iso8859-7", {"ISO-8859-7"}},
	{"iso-8859-8 iso8859-8 iso-8859-8-i", {"ISO-8859-8"}},
	{"iso-8859-9 iso8859-9 latin5 windows-1254 cp1254",
		{"CP1254", "ISO-8859-9"}},
	{"iso-8859-10 iso8859-10", {"ISO-8859-10"}},
	{"iso-8859-13 iso8859-13", {"ISO-8859-13"}},
	{"iso-8859-14 iso8859-14", {"ISO-8859-14"}},
	{"iso-8859-15 iso8859-15 latin-9 latin9", {"ISO-8859-15"}},
	{"iso-8859-16 iso8859-16", {"ISO-8859-16"}},
	{"windows-1250 cp1250", {"CP1250", "WINDOWS-1250"}},
	{"windows-1251 cp1251", {"CP1251", "WINDOWS-1251"}},
	{"windows-1253 cp1253", {"CP1253", "WINDOWS-1253"}},
	{"windows-1255 cp1255", {"CP1255", "WINDOWS-1255"}},
	{"windows-1256 cp1256", {"CP1256", "WINDOWS-1256"}},
	{"windows-1257 cp1257", {"CP1257", "WINDOWS-1257"}},
	{"windows-1258 cp1258", {"CP1258", "WINDOWS-1258"}},
	{"windows-874 cp874 tis-620 iso-8859-11", {"CP874", "TIS-620"}},
	{"koi8-r koi8r", {"KOI8-R"}},
	{"koi8-u koi8u", {"KOI8-U"}},
	{"ibm437 cp437", {"CP437", "IBM437"}},
	{"ibm850 cp850", {"CP850", "IBM850"}},
	{"ibm866 cp866", {"CP866", "IBM866"}},
	{"macintosh x-mac-roman", {"MACINTOSH"}},
	/* Includes half-width katakana, which is widely used. */
	{"iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 csiso2022jp",
		{"ISO-2022-JP-2", "ISO-2022-JP"}},
	{"euc-jp eucjp x-euc-jp", {"EUC-JP-MS", "EUC-JP"}},
	{"shift_jis shift-jis sjis x-sjis ms_kanji windows-31j cp932",
		{"CP932", "SHIFT_JIS"}},
	{"gb18030 gbk gb2312 gb_2312-80 x-gbk cp936 euc-cn",
		{"GB18030", "GBK"}},
	{"big5 big-5 big5-hkscs x-x-big5 cp950", {"BIG5-HKSCS", "BIG5"}},
	{"euc-kr euckr ks_c_5601-1987 ksc5601 windows-949 cp949 uhc",
		{"CP949", "EUC-KR"}},
};

#define ROWS (sizeof rows / sizeof rows[0])

_Static_assert(ROWS <= CHARSET_MAX, "a charset has no place");

void charsets_open(struct charsets *charsets,
	iconv_t (*open_one)(const char *to, const char *from))
{
	const iconv_t none = (iconv_t)-1;

	for (size_t i = 0; i < CHARSET_MAX; i++) {
		iconv_t *converter = &charsets->converters[i];

		*converter = none;
		for (size_t k = 0; i < ROWS && k < 2; k++) {
			if (*converter == none && rows[i].opens[k] != NULL)
				*converter =
					open_one("UTF-8", rows[i].opens[k]);
		}
	}
}

void charsets_close(struct charsets *charsets)
{
	for (size_t i = 0; i < CHARSET_MAX; i++) {
		if (charsets->converters[i] != (iconv_t)-1)
			iconv_close(charsets->converters[i]);
		charsets->converters[i] = (iconv_t)-1;
	}
}

/* Is name one of the words in names? */
static bool is_among(const char *names, const char *name, size_t length)
{
	while (*names != '\0') {
		size_t n = strcspn(names, " ");

		if (n == length && strncasecmp(names, name, length) == 0)
			return true;
		names += n + (names[n] == ' ');
	}
	return false;
}

size_t charset_named(
	const struct charsets *charsets, const char *name, size_t length)
{
	const char *star = memchr(name, '*', length);

	if (star != NULL)
		length = (size_t)(star - name);
	for (size_t i = 0; i < ROWS; i++) {
		bool needless = rows[i].opens[0] == NULL;

		if (is_among(rows[i].names, name, length))
			return needless ||
					(charsets != NULL &&
						charsets->converters[i] !=
							(iconv_t)-1)
				? i
				: CHARSET_MAX;
	}
	return CHARSET_MAX;
}
