/* SPDX-License-Identifier: ISC */
/* What it takes to read and measure text in any language. */
#ifndef IO_PROCESS_LANGUAGE_H
#define IO_PROCESS_LANGUAGE_H

#include <locale.h>

#include "core/charset.h"

struct language {
	struct charsets charsets; /* for words_decode */
	/* For uselocale, where text is measured: one of UTF-8, whatever the
	 * user's own is; (locale_t)0, which changes nothing: there is none. */
	locale_t locale;
};

/*
 * In new memory; what this system lacks is left out. To be called before
 * confine_worker: the C library reads files and loads modules for it
 * (iconv_open, newlocale), which is over when this returns. A confined worker
 * could still load them, since /usr may be read; but not by a name that a
 * stranger wrote. Nothing of it is needed where no text is shown.
 */
struct language *language_open(void);

void language_close(struct language *language);

#endif
