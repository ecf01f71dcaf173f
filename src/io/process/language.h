/* SPDX-License-Identifier: ISC */
/* What it takes to read text in any language. */
#ifndef IO_PROCESS_LANGUAGE_H
#define IO_PROCESS_LANGUAGE_H

#include "core/charset.h"

struct language {
	struct charsets charsets; /* for words_decode */
};

/*
 * In new memory; what this system lacks is left out. To be called before
 * confine_worker: the C library reads files and loads modules for it
 * (iconv_open), which is over when this returns. A confined worker
 * could still load them, since /usr may be read; but not by a name that a
 * stranger wrote. Nothing of it is needed where no text is shown.
 */
struct language *language_open(void);

void language_close(struct language *language);

#endif
