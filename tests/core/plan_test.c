/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1800000000)

static const struct clock at = {.now = NOW};
#define UNKNOWN MAILDROP_SIZE_UNKNOWN

/* The message in question is the first of three; the other two are kept. */
static const struct row {
	const char *sentence; /* what must be true */
	struct policy policy;
	struct memory memory;
	uint64_t size;
	struct step step;
	struct finding finding;
	enum restraint restraint;
} rows[] = {
	{"new mail is fetched", {.erase = ERASE_NEVER}, {.state = MEMORY_NONE},
		1000, .step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"new mail is fetched and erased at once under delete = now",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true,
			.erase = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_ERASE_NOW}},
	{"new mail is not erased under delete = after",
		{.erase = ERASE_AFTER, .after = DAY}, {.state = MEMORY_NONE},
		1000, .step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"new mail among the newest is fetched and stays on the server",
		{.erase = ERASE_NOW, .keep_newest = 3}, {.state = MEMORY_NONE},
		1000,
		.step = {.fetch = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_NEWEST}},
	{"-k fetches new mail and leaves it there", {.erase = ERASE_NOW},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_KEEP},
		.restraint = RESTRAINT_KEEP},
	{"-k leaves due mail there", {.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_KEEP},
		.restraint = RESTRAINT_KEEP},
	{"new mail that is just not among the newest is erased",
		{.erase = ERASE_NOW, .keep_newest = 2}, {.state = MEMORY_NONE},
		1000,
		.step = {.fetch = true,
			.erase = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_ERASE_NOW}},
	{"mail of exactly max-size is fetched", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail over max-size is left on the server", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1001,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail over max-size is left on the server even under delete = now",
		{.erase = ERASE_NOW, .max_size = 1000}, {.state = MEMORY_NONE},
		1001, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail of unknown size is fetched whatever max-size is",
		{.max_size = 1000}, {.state = MEMORY_NONE}, UNKNOWN,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail that turned out to be over max-size is left, whatever LIST says",
		{.erase = ERASE_NOW, .max_size = 1000},
		{.state = MEMORY_NONE, .oversize = 1001}, 10,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail that turned out to be over max-size is left if LIST is silent",
		{.max_size = 1000}, {.state = MEMORY_NONE, .oversize = 1001},
		UNKNOWN, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail that turned out to be large is fetched if max-size allows it",
		{.max_size = 1001}, {.state = MEMORY_NONE, .oversize = 1001},
		10, .step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail that turned out to be large is fetched without max-size",
		{.max_size = 0}, {.state = MEMORY_NONE, .oversize = 1001}, 10,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"a size over max-size in LIST counts, whatever size was transferred",
		{.max_size = 1000}, {.state = MEMORY_NONE, .oversize = 900},
		1001, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail that failed and is over max-size is not tried again",
		{.max_size = 1000},
		{.state = MEMORY_NONE,
			.oversize = 1001,
			.tries = 1,
			.next_try = 1},
		10, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"kept mail stays kept if it once turned out to be over max-size",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_KEPT, .oversize = 1001}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail stays under delete = never", {.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .kept_at = 0}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"kept mail over max-size stays kept",
		{.erase = ERASE_NOW, .max_size = 10}, {.state = MEMORY_KEPT},
		1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail is erased under delete = now", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail stays until a second before its retention period ends",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY + 1}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_NOT_DUE}},
	{"kept mail is erased when its retention period ends",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE}},
	{"kept mail is erased long after its retention period ends",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE}},
	{"mail kept slightly in the future stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW + DAY}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_NOT_DUE}},
	{"mail kept in the far future was dated by a wrong clock, and stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW + 400 * DAY}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_UNDATED}},
	{"mail that was stored while the clock was wrong stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 0}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_UNDATED}},
	{"mail that failed when the clock was years ahead is tried again",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_NONE, .tries = 3, .next_try = NOW + 999 * DAY},
		1000,
		.step = {.fetch = true,
			.last = true,
			.why_fetch = REASON_RETRY}},
	{"due mail among the newest stays",
		{.erase = ERASE_AFTER, .after = DAY, .keep_newest = 3},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"due mail stays if keep-newest is more than there is",
		{.erase = ERASE_NOW, .keep_newest = 1000000},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"mail that a killed run left half stored is not touched",
		{.erase = ERASE_NOW}, {.state = MEMORY_ARRIVING}, 1000,
		.step = {.why_fetch = REASON_INTERRUPTED}},
	{"erased mail listed again with its size is not fetched or erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 1000},
		1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"erased mail listed again is left alone under delete = never",
		{.erase = ERASE_NEVER}, {.state = MEMORY_ERASED, .size = 1000},
		1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"kept mail that returns with its size is not erased",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"kept mail that returns is not erased by a rule of sizes",
		{.erase = ERASE_NEVER, .delete_larger = 10},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"kept mail that returns is erased if its header proves it",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME}},
	{"that kept mail returned is irrelevant if nothing is erased",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"another size under a uid that had vanished is another message",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 999, .vanished = true}, 1000,
		.step = {.fetch = true,
			.erase = true,
			.reused = true,
			.why_fetch = REASON_REUSED,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail that returns without a size is not erased",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = UNKNOWN, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"another size under an erased uid is another message: fetched",
		{.erase = ERASE_NEVER}, {.state = MEMORY_ERASED, .size = 999},
		1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED}},
	{"another message under an erased uid obeys delete = now",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 999},
		1000,
		.step = {.fetch = true,
			.erase = true,
			.reused = true,
			.why_fetch = REASON_REUSED,
			.why_erase = REASON_ERASE_NOW}},
	{"another message under an erased uid obeys max-size",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_ERASED, .size = 999}, 1000,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"erased mail listed again without a size is left alone",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 999},
		UNKNOWN,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"mail older than start is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE}, 1000,
		.step = {.why_fetch = REASON_OLD}, .finding = {.old = true}},
	{"known mail is not older than start", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.old = true}},
	{"mail that counts as seen is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_SEEN, .kept_at = 1},
		1000, .step = {.why_fetch = REASON_SEEN}},
	{"mail that counts as seen is not erased after its days have passed",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_SEEN, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"mail that counts as seen and returns is left alone at any size",
		{.erase = ERASE_NOW},
		{.state = MEMORY_SEEN, .size = 999, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"mail that counts as seen is left alone, large or among the newest",
		{.erase = ERASE_NOW, .max_size = 1, .keep_newest = 3},
		{.state = MEMORY_SEEN, .held = true}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"another size under a kept uid is another message: fetched",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .size = 999, .kept_at = 1}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED}},
	{"another message is fetched even if it is among the newest",
		{.erase = ERASE_NOW, .keep_newest = 3},
		{.state = MEMORY_KEPT, .size = 999, .kept_at = 1}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED,
			.why_erase = REASON_NEWEST}},
	{"another size with the same header is the same message",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .size = 999, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE},
		.finding = {.identity = IDENTITY_SAME}},
	{"the same size with another header is another message",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .vanished = true}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER}},
	{"another header with an erased message's size is another message",
		{.erase = ERASE_NEVER}, {.state = MEMORY_ERASED}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER}},
	{"mail that returns is proven by its header, even without sizes",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = UNKNOWN, .vanished = true},
		UNKNOWN,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME}},
	{"erased mail that is listed again is not erased again",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED},
		.finding = {.identity = IDENTITY_SAME}},
	{"held mail stays when it is due", {.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD}},
	{"held mail stays under delete = now", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD}},
	{"delete = when trashed leaves mail that is here",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE},
		.finding = {.local = LOCAL_HERE}},
	{"delete = when trashed leaves mail that was not looked for",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE}},
	{"delete = when trashed erases trashed mail",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_TRASHED},
		.finding = {.local = LOCAL_TRASHED}},
	{"delete = when trashed erases mail that is gone",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_TRASHED},
		.finding = {.local = LOCAL_GONE}},
	{"delete = when trashed leaves mail that cannot be read",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNREADABLE},
		.finding = {.local = LOCAL_UNREADABLE}},
	{"delete = when trashed leaves untraced mail without a header",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"delete = when purged leaves untraced mail without a header",
		{.erase = ERASE_WHEN_PURGED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"due mail that is untraced and has no header is not erased",
		{.erase = ERASE_AFTER, .after = 10},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"delete-larger-than does not erase untraced mail without a header",
		{.delete_larger = 10}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"delete = when purged leaves mail that is in the trash",
		{.erase = ERASE_WHEN_PURGED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE},
		.finding = {.local = LOCAL_TRASHED}},
	{"delete = when purged erases mail that is gone",
		{.erase = ERASE_WHEN_PURGED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_PURGED},
		.finding = {.local = LOCAL_GONE}},
	{"delete = when purged does not erase held mail",
		{.erase = ERASE_WHEN_PURGED},
		{.state = MEMORY_KEPT, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD},
		.finding = {.local = LOCAL_GONE}},
	{"new mail is fetched and stays under delete = when purged",
		{.erase = ERASE_WHEN_PURGED}, {.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"due mail whose copy was changed stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"due mail whose copy cannot be read stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNREADABLE},
		.finding = {.local = LOCAL_UNREADABLE}},
	{"due mail whose copy its owner removed is erased",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_DUE},
		.finding = {.local = LOCAL_GONE}},
	{"due mail whose copy its owner trashed is erased",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE},
		.finding = {.local = LOCAL_TRASHED}},
	{"changed mail stays under delete = now", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"due mail over keep-larger-than stays",
		{.erase = ERASE_AFTER, .after = DAY, .keep_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_KEPT_LARGE}},
	{"due mail of exactly keep-larger-than is erased",
		{.erase = ERASE_AFTER, .after = DAY, .keep_larger = 1000},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE}},
	{"new mail over keep-larger-than is fetched and stays",
		{.erase = ERASE_NOW, .keep_larger = 999},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_KEPT_LARGE}},
	{"kept mail over delete-larger-than is erased before it is due",
		{.erase = ERASE_AFTER, .after = DAY, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_LARGE}},
	{"kept mail over delete-larger-than is erased under delete = never",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_LARGE}},
	{"-k overrides delete-larger-than",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_KEEP},
		.restraint = RESTRAINT_KEEP},
	{"delete-larger-than does not erase mail whose copy was changed",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"new mail over delete-larger-than is fetched first",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail of unknown size does not count as large",
		{.erase = ERASE_NEVER, .delete_larger = 1},
		{.state = MEMORY_KEPT, .size = UNKNOWN}, UNKNOWN,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"the oldest mail is erased if all mail exceeds max-server-size",
		{.erase = ERASE_NEVER, .max_server_size = 999},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_NO_ROOM}},
	{"the oldest mail stays if all mail fits",
		{.erase = ERASE_NEVER, .max_server_size = 1000},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"mail that was never fetched is not erased to make room",
		{.erase = ERASE_NEVER, .max_server_size = 10, .max_size = 10},
		{.state = MEMORY_NONE}, 1000,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"held mail is not erased to make room",
		{.erase = ERASE_NEVER, .max_server_size = 10},
		{.state = MEMORY_KEPT, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD}},
	{"mail that was changed here is not erased to make room",
		{.erase = ERASE_NEVER, .max_server_size = 10},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"mail among the newest is not erased to make room",
		{.erase = ERASE_NEVER, .max_server_size = 10, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"mail that failed before is tried again after all other mail",
		{.erase = ERASE_NEVER}, {.state = MEMORY_NONE, .tries = 2},
		1000,
		.step = {.fetch = true,
			.last = true,
			.why_fetch = REASON_RETRY}},
	{"mail that failed before is erased under delete = now if it comes",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE, .tries = 2}, 1000,
		.step = {.fetch = true,
			.erase = true,
			.last = true,
			.why_fetch = REASON_RETRY,
			.why_erase = REASON_ERASE_NOW}},
	{"mail that failed is not tried before its time",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_NONE, .tries = 3, .next_try = NOW + 1}, 1000,
		.step = {.why_fetch = REASON_WAITING}},
	{"mail that failed is tried when its time has come",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_NONE, .tries = 3, .next_try = NOW}, 1000,
		.step = {.fetch = true,
			.last = true,
			.why_fetch = REASON_RETRY}},
	{"another message under a known uid that failed before is tried last",
		{.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .size = 999, .tries = 2}, 1000,
		.step = {.fetch = true,
			.last = true,
			.reused = true,
			.why_fetch = REASON_REUSED}},
	{"another message that failed is not tried before its time",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT,
			.size = 999,
			.tries = 3,
			.next_try = NOW + 1},
		1000, .step = {.why_fetch = REASON_WAITING}},
	{"another message that failed too often is left alone",
		{.erase = ERASE_NOW},
		{.state = MEMORY_ERASED,
			.size = 999,
			.tries = 7,
			.quarantined = true},
		1000, .step = {.why_fetch = REASON_QUARANTINED}},
	{"a held message is fetched again without being erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE, .held = true},
		1000,
		.step = {.fetch = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_HELD}},
	{"another size means nothing on a server with loose sizes",
		{.erase = ERASE_NOW}, {.state = MEMORY_KEPT, .size = 999}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_OTHER_SIZE},
		.finding = {.loose = true}},
	{"on a server with loose sizes, the header proves the same message",
		{.erase = ERASE_NOW}, {.state = MEMORY_KEPT, .size = 999}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME, .loose = true}},
	{"on a server with loose sizes, the header reveals another message",
		{.erase = ERASE_NEVER}, {.state = MEMORY_KEPT, .size = 999},
		1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER, .loose = true}},
	{"a very different size under a uid that is only seen is another message",
		{.erase = ERASE_NEVER}, {.state = MEMORY_SEEN, .size = 99999},
		1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER}},
	{"held mail stays however large it is",
		{.erase = ERASE_NEVER, .delete_larger = 10},
		{.state = MEMORY_KEPT, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD}},
	{"mail among the newest stays however large it is",
		{.erase = ERASE_NEVER, .delete_larger = 10, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"keep-newest takes precedence over when trashed",
		{.erase = ERASE_WHEN_TRASHED, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST},
		.finding = {.local = LOCAL_TRASHED}},
	{"keep-newest takes precedence over when purged",
		{.erase = ERASE_WHEN_PURGED, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST},
		.finding = {.local = LOCAL_GONE}},
	{"mail that failed and is over max-size now is left on the server",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_NONE, .tries = 2}, 1000,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail that failed too often is left alone", {.erase = ERASE_NOW},
		{.state = MEMORY_NONE, .tries = 7, .quarantined = true}, 1000,
		.step = {.why_fetch = REASON_QUARANTINED}},
	{"mail that only counts as seen is not fetched", {.erase = ERASE_NEVER},
		{.state = MEMORY_SEEN}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"mail that only counts as seen is never erased", {.erase = ERASE_NOW},
		{.state = MEMORY_SEEN, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"erased mail whose size was never known is left alone",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = UNKNOWN},
		1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
};

/* Makes a plan from these facts alone. */
static struct plan make(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories)
{
	struct finding *findings = calloc(maildrop->count, sizeof findings[0]);
	struct facts facts = {.policy = policy,
		.maildrop = maildrop,
		.memories = memories,
		.findings = findings,
		.clock = at};
	struct plan plan = plan_make(&facts);

	free(findings);
	return plan;
}

static void three(struct maildrop *maildrop, uint64_t size, const char *uid)
{
	static const uint64_t key[2] = {1, 2};
	struct error err = {.kind = ERROR_NONE};

	maildrop_init(maildrop, key);
	maildrop_add(maildrop, 1, uid, strlen(uid), &err);
	maildrop_add(maildrop, 2, "two", 3, &err);
	maildrop_add(maildrop, 3, "three", 5, &err);
	maildrop_index(maildrop, &err);
	maildrop_set_size(maildrop, 1, size);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct memory other = {
			.state = MEMORY_KEPT, .kept_at = NOW, .size = UNKNOWN};
		struct memory memories[3] = {row->memory, other, other};
		struct maildrop maildrop;

		/* By default, the size has not changed. */
		if (memories[0].size == 0)
			memories[0].size = row->size;
		three(&maildrop, row->size, "one");
		struct finding findings[3] = {row->finding};
		struct facts facts = {.policy = &row->policy,
			.maildrop = &maildrop,
			.memories = memories,
			.findings = findings,
			.clock = at,
			.restraint = row->restraint};
		struct plan plan = plan_make(&facts);
		const struct step *step = &plan.steps[0];

		ok(step->fetch == row->step.fetch &&
				step->erase == row->step.erase &&
				step->last == row->step.last &&
				step->reused == row->step.reused &&
				step->why_fetch == row->step.why_fetch &&
				step->why_erase == row->step.why_erase,
			"%s", row->sentence);
		plan_release(&plan);
		maildrop_release(&maildrop);
	}
}

/* An uncertain clock erases nothing because of time alone. */
static void test_clock(void)
{
	static const struct {
		const char *sentence;
		enum clock_trust trust;
		struct policy policy;
		enum reason reason;
		bool erase;
	} cases[] = {
		{"a clock that is behind erases nothing that is due",
			CLOCK_BEHIND, {.erase = ERASE_AFTER, .after = DAY},
			REASON_CLOCK, false},
		{"a clock that leapt erases nothing that is due", CLOCK_LEAPT,
			{.erase = ERASE_AFTER, .after = DAY}, REASON_CLOCK,
			false},
		{"delete = now needs no clock", CLOCK_LEAPT,
			{.erase = ERASE_NOW}, REASON_ERASE_NOW, true},
		{"rules of sizes need no clock", CLOCK_BEHIND,
			{.erase = ERASE_AFTER,
				.after = DAY,
				.delete_larger = 10},
			REASON_LARGE, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct memory memories[3] = {
			{.state = MEMORY_KEPT, .kept_at = 1, .size = 100}};
		struct clock clock = {.now = NOW, .trust = cases[i].trust};
		struct maildrop maildrop;

		three(&maildrop, 100, "one");
		struct finding findings[3] = {{.local = LOCAL_UNKNOWN}};
		struct facts facts = {.policy = &cases[i].policy,
			.maildrop = &maildrop,
			.memories = memories,
			.findings = findings,
			.clock = clock};
		struct plan plan = plan_make(&facts);

		ok(plan.steps[0].why_erase == cases[i].reason &&
				plan.steps[0].erase == cases[i].erase &&
				plan.quiet_until == 0,
			"%s", cases[i].sentence);
		plan_release(&plan);
		maildrop_release(&maildrop);
	}
}

static int64_t quiet_after(
	const struct policy *policy, const struct memory memories[3])
{
	struct maildrop maildrop;

	three(&maildrop, 10, "one");
	struct plan plan = make(policy, &maildrop, memories);
	int64_t until = plan.quiet_until;

	plan_release(&plan);
	maildrop_release(&maildrop);
	return until;
}

static void test_quiet(void)
{
	struct policy never = {.erase = ERASE_NEVER};
	struct policy after = {.erase = ERASE_AFTER, .after = 100};
	struct policy small = {.erase = ERASE_NEVER, .max_size = 5};
	struct memory kept = {
		.state = MEMORY_KEPT, .kept_at = NOW - 40, .size = 10};
	struct memory all[3] = {kept, kept, kept};

	ok(quiet_after(&never, all) == INT64_MAX,
		"a plan that keeps everything for ever is quiet for ever");
	ok(quiet_after(&after, all) == NOW + 60,
		"a plan is quiet until mail is due");
	all[1].kept_at = NOW - 90;
	ok(quiet_after(&after, all) == NOW + 10,
		"the earliest due time ends the quiet period");
	all[1].kept_at = NOW - 100;
	ok(quiet_after(&after, all) == 0, "due mail is not quiet");
	all[1].kept_at = NOW + DAY;
	ok(quiet_after(&after, all) == NOW + 60,
		"a time in the far future does no harm");
	all[1] = kept;
	all[2] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&never, all) == 0, "new mail is not quiet");
	all[2] = (struct memory){.state = MEMORY_ERASED, .size = 10};
	ok(quiet_after(&never, all) == 0,
		"mail that is listed again is reported each time");
	all[2] = kept;
	all[2].vanished = true;
	ok(quiet_after(&never, all) == INT64_MAX,
		"mail that returned is quiet if nothing is erased");
	ok(quiet_after(&after, all) == 0,
		"otherwise its header is needed, so it is not quiet");
	all[2] = (struct memory){.state = MEMORY_SEEN};
	ok(quiet_after(&never, all) == INT64_MAX,
		"mail that counts as seen is quiet for ever");
	all[2] = kept;
	all[0] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&small, all) == 0,
		"mail that is too large is counted each time");
}

static void test_no_uid(void)
{
	struct memory memories[3] = {{.state = MEMORY_NONE}};
	struct policy policy = {.erase = ERASE_NOW};
	struct maildrop maildrop;

	three(&maildrop, 10, "");
	struct plan plan = make(&policy, &maildrop, memories);

	ok(!plan.steps[0].fetch && !plan.steps[0].erase &&
			plan.steps[0].why_fetch == REASON_NO_UID,
		"mail without a uid is left on the server");
	ok(plan.fetches == 2 && plan.erasures == 2 && plan.count == 3,
		"the plan counts what it does");
	plan_release(&plan);
	maildrop_release(&maildrop);
}

static void test_totals(void)
{
	struct memory memories[3] = {{.state = MEMORY_NONE}};
	struct policy policy = {.max_size = 100};
	struct maildrop maildrop;

	three(&maildrop, 101, "one");
	maildrop_set_size(&maildrop, 2, 70);
	struct plan plan = make(&policy, &maildrop, memories);

	ok(plan.too_large == 1 && plan.fetches == 2,
		"the plan counts what is too large");
	ok(plan.octets == 70, "the plan adds up the sizes that are known");
	plan_release(&plan);
	plan_release(&plan);
	maildrop_release(&maildrop);
}

static void test_sizes(void)
{
	struct memory kept = {.state = MEMORY_KEPT, .size = UNKNOWN};
	struct memory memories[3] = {kept, kept, kept};
	struct policy policy = {.erase = ERASE_NEVER};
	struct maildrop maildrop;

	three(&maildrop, UNKNOWN, "one");
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"no sizes are needed if all mail is kept");
	policy.max_size = 10;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"no sizes are needed under max-size if nothing is new");
	memories[2].state = MEMORY_NONE;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"sizes are needed for a new message under max-size");
	policy.max_size = 0;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"no sizes are needed for a new message without max-size");
	memories[2] = kept;
	memories[2].size = 10;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"sizes are needed for a kept message: its uid may be reused");
	memories[2] = kept;
	memories[2].vanished = true;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"sizes are needed for a message that had vanished");
	memories[2].vanished = false;
	memories[1].state = MEMORY_ERASED;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"sizes are needed for an erased message that is listed again");
	maildrop_release(&maildrop);
}

/* A plan for COUNT kept messages, some of which are missing here. */
static struct plan plan_missing(
	uint64_t percent, size_t count, size_t missing, bool known)
{
	static const uint64_t key[2] = {1, 2};
	struct policy policy = {.erase = ERASE_AFTER, .brake = percent};
	struct memory *memories = calloc(count, sizeof memories[0]);
	struct finding *findings = calloc(count, sizeof findings[0]);
	struct facts facts = {.policy = &policy, .clock = at};
	struct error err = {.kind = ERROR_NONE};
	struct maildrop maildrop;

	maildrop_init(&maildrop, key);
	for (size_t i = 0; i < count && memories != NULL; i++) {
		maildrop_add(&maildrop, (uint32_t)i + 1, (const char *)&i,
			sizeof i, &err);
		memories[i] = (struct memory){.state = MEMORY_KEPT,
			.kept_at = 1,
			.size = UNKNOWN,
			.missing = known && i < missing};
		findings[i].local = i < missing ? LOCAL_GONE : LOCAL_HERE;
	}
	maildrop_index(&maildrop, &err);
	facts.maildrop = &maildrop;
	facts.memories = memories;
	facts.findings = findings;
	struct plan plan = plan_make(&facts);

	maildrop_release(&maildrop);
	free(memories);
	free(findings);
	return plan;
}

static void test_brake(void)
{
	static const struct {
		const char *sentence;
		uint64_t percent;
		size_t count;
		size_t missing;
		bool known;
		bool braked;
	} brakes[] = {
		{"a fifth may be missing", 20, 100, 20, false, false},
		{"more than a fifth may not be missing", 20, 100, 21, false,
			true},
		{"all copies may not be missing", 20, 100, 100, false, true},
		{"ten missing of more are not too many", 20, 11, 10, false,
			false},
		{"all missing are too many if they are three", 20, 3, 3, false,
			true},
		{"two may be missing even if they are all", 20, 2, 2, false,
			false},
		{"eleven missing are too many if they are all", 20, 11, 11,
			false, true},
		{"copies that were missing before do not count", 20, 100, 100,
			true, false},
		{"brake = 100 permits many to be missing", 100, 100, 99, false,
			false},
		{"brake = 100 does not permit all to be missing", 100, 100, 100,
			false, true},
		{"brake = 0 applies to eleven of many", 0, 1000, 11, false,
			true},
	};

	for (size_t i = 0; i < sizeof brakes / sizeof brakes[0]; i++) {
		struct plan plan = plan_missing(brakes[i].percent,
			brakes[i].count, brakes[i].missing, brakes[i].known);

		ok(plan.braked == brakes[i].braked &&
				plan.erasures ==
					(plan.braked ? 0 : brakes[i].count),
			"%s", brakes[i].sentence);
		plan_release(&plan);
	}
}

/* What no plan may contain, whatever the policy and the memories. */
static void test_never(void)
{
	static const enum erase_rule rules[] = {
		ERASE_NEVER, ERASE_NOW, ERASE_AFTER};
	unsigned wrong = 0;
	unsigned tried = 0;

	for (unsigned i = 0; i < 3 * 4 * 4 * 4 * 3; i++) {
		struct policy policy = {
			.erase = rules[i % 3],
			.after = DAY,
			.keep_newest = i / 3 % 4,
			.max_size = i / 12 % 4 * 500,
		};
		struct memory memories[3] = {
			{.state = (enum memory_state)(i / 48 % 4 + 1),
				.size = i / 192 % 3 * 500},
			{.state = MEMORY_NONE},
			{.state = MEMORY_KEPT, .kept_at = 1, .size = UNKNOWN}};
		struct maildrop maildrop;

		three(&maildrop, 1000, "one");
		struct plan plan = make(&policy, &maildrop, memories);

		for (size_t k = 0; k < plan.count; k++) {
			const struct step *step = &plan.steps[k];
			bool safe =
				memories[k].state == MEMORY_KEPT || step->fetch;

			wrong += step->erase && policy.erase == ERASE_NEVER;
			wrong += step->erase && !safe;
			wrong += step->fetch &&
				memories[k].state == MEMORY_KEPT &&
				memories[k].size == 1000;
			wrong += plan_reason(step->why_fetch)[0] == '\0';
			tried++;
		}
		plan_release(&plan);
		maildrop_release(&maildrop);
	}
	ok(wrong == 0 && tried > 1000,
		"in %u steps: nothing erased under never, nothing that is not "
		"kept or fetched, nothing kept fetched again, each with a "
		"reason",
		tried);
}

static void test_patience(void)
{
	ok(plan_patience(1) == 0 && plan_patience(2) == 0,
		"the first failures may be due to the connection");
	for (uint32_t tries = 2; tries < 100; tries++) {
		if (plan_patience(tries) > plan_patience(tries + 1) ||
			plan_patience(tries) > DAY)
			ok(false, "the waiting time grows, up to a day");
	}
	ok(plan_patience(PLAN_TRIES_MAX) == DAY,
		"the waiting time grows up to a day");
}

static void test_reasons(void)
{
	char why[PLAN_WHY_MAX];
	struct step step = {.why_fetch = REASON_KEPT};

	ok(plan_reason(REASON_NONE)[0] == '\0', "REASON_NONE has no text");
	for (int i = 1; i < REASONS; i++)
		ok(plan_reason((enum reason)i)[0] != '\0',
			"reason %d has a text", i);
	ok(strcmp(plan_why(why, &step), "kept here") == 0,
		"one reason gives one clause");
	step.why_erase = REASON_NOT_DUE;
	ok(strcmp(plan_why(why, &step), "kept here; not due yet") == 0,
		"two reasons give two clauses");
	struct step same = plan_of_pair(plan_pair(&step));

	ok(same.why_fetch == step.why_fetch && same.why_erase == step.why_erase,
		"a pair of reasons has a number");
}

/* What must be checked before a plan is carried out. */
static void test_needs(void)
{
	struct policy policy = {.erase = ERASE_AFTER, .after = DAY};
	struct memory memories[3] = {{.state = MEMORY_KEPT, .kept_at = 1},
		{.state = MEMORY_KEPT, .kept_at = NOW},
		{.state = MEMORY_KEPT, .kept_at = NOW}};
	struct finding findings[3] = {{.local = LOCAL_UNKNOWN}};
	struct maildrop maildrop;
	struct facts facts = {.policy = &policy,
		.maildrop = &maildrop,
		.memories = memories,
		.findings = findings,
		.clock = at};

	three(&maildrop, UNKNOWN, "one");
	struct plan plan = plan_make(&facts);

	ok(plan_needs(&facts, &plan) == NEED_COPIES,
		"the copy of due mail is looked for first");
	facts.looked = true;
	findings[0].local = LOCAL_HERE;
	ok(plan_needs(&facts, &plan) == NEED_VERIFY,
		"then the copy is verified");
	findings[0].verified = true;
	ok(plan_needs(&facts, &plan) == NEED_SYNC,
		"then the file system must be able to sync it");
	facts.sync_known = true;
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"then nothing more is needed");
	findings[0].verified = false;
	policy.verify = VERIFY_STAT;
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"verify = stat reads no copy");
	plan_release(&plan);
	facts.looked = false;
	facts.restraint = RESTRAINT_KEEP;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"no copy is looked for under -k");
	plan_release(&plan);
	memories[0].kept_at = NOW;
	facts.restraint = RESTRAINT_NONE;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"no copy is looked for if nothing is due");
	plan_release(&plan);
	policy.erase = ERASE_WHEN_TRASHED;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_COPIES,
		"copies are looked for if a rule depends on them");
	plan_release(&plan);
	policy.erase = ERASE_NOW;
	memories[0] = (struct memory){.state = MEMORY_NONE};
	memories[1].held = memories[2].held = true;
	facts.sync_known = false;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_SYNC,
		"mail that is fetched and erased at once has no copy yet");
	plan_release(&plan);
	maildrop_release(&maildrop);
}

int main(void)
{
	test_rows();
	test_clock();
	test_quiet();
	test_no_uid();
	test_totals();
	test_sizes();
	test_brake();
	test_never();
	test_patience();
	test_reasons();
	test_needs();
	return done();
}
