/* SPDX-License-Identifier: ISC */
/*
 * Dates: a header read in any pieces gives the same date; it agrees with the C
 * library, and is written back unchanged.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "core/date.h"
#include "fuzz.h"

static bool scan(const char *text, size_t size, uint32_t cuts, int64_t *seconds)
{
	static struct date_scan scan;

	date_scan_init(&scan);
	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_block(&cuts, size - at);
		date_scan_feed(&scan, text + at, n);
	}
	return date_scan_end(&scan, seconds);
}

/* In the format of RFC 5322, it is certainly a date, and this one. */
static void check_back(int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;
	char text[64];
	int64_t again = 0;

	PROMISE(gmtime_r(&time, &tm) != NULL);
	PROMISE(tm.tm_year >= -1 && tm.tm_year <= 8100);
	/* The time zone may move it out of the accepted years. */
	if (tm.tm_year < 0 || tm.tm_year > 8099)
		return;
	size_t n =
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm);

	PROMISE(date_parse(text, n, &again) && again == seconds);
	PROMISE(timegm(&tm) == time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cuts = 0;
	int64_t whole = 0;
	int64_t pieces = 0;
	int64_t alone = 0;

	if (size < sizeof cuts || size > FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *text = (const char *)data + sizeof cuts;
	bool found = scan(text, size, 0, &whole);

	PROMISE(scan(text, size, cuts, &pieces) == found);
	PROMISE(pieces == whole);
	if (found)
		check_back(whole);
	if (date_parse(text, size, &alone))
		check_back(alone);
	return 0;
}
