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
	const char *sentence; /* that must be true */
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
	{"new mail among the newest is fetched and stays",
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
	{"new mail one older than the newest goes",
		{.erase = ERASE_NOW, .keep_newest = 2}, {.state = MEMORY_NONE},
		1000,
		.step = {.fetch = true,
			.erase = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_ERASE_NOW}},
	{"mail of exactly max-size is fetched", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail over max-size is left", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1001,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail over max-size is left even under delete = now",
		{.erase = ERASE_NOW, .max_size = 1000}, {.state = MEMORY_NONE},
		1001, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"mail of unknown size is fetched whatever max-size is",
		{.max_size = 1000}, {.state = MEMORY_NONE}, UNKNOWN,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail that turned out to be over max-size is left, whatever LIST says",
		{.erase = ERASE_NOW, .max_size = 1000},
		{.state = MEMORY_NONE, .oversize = 1001}, 10,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"and where LIST says nothing", {.max_size = 1000},
		{.state = MEMORY_NONE, .oversize = 1001}, UNKNOWN,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"until max-size is as large", {.max_size = 1001},
		{.state = MEMORY_NONE, .oversize = 1001}, 10,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"or there is none", {.max_size = 0},
		{.state = MEMORY_NONE, .oversize = 1001}, 10,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"what LIST says is too large whatever came once", {.max_size = 1000},
		{.state = MEMORY_NONE, .oversize = 900}, 1001,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"what failed and is over max-size is not tried again",
		{.max_size = 1000},
		{.state = MEMORY_NONE,
			.oversize = 1001,
			.tries = 1,
			.next_try = 1},
		10, .step = {.why_fetch = REASON_TOO_LARGE}},
	{"kept mail that turned out to be over max-size once is kept mail",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_KEPT, .oversize = 1001}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail stays under delete = never", {.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .kept_at = 0}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"kept mail over max-size is kept mail all the same",
		{.erase = ERASE_NOW, .max_size = 10}, {.state = MEMORY_KEPT},
		1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail goes under delete = now", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW}},
	{"kept mail stays a second before its time",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY + 1}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_NOT_DUE}},
	{"kept mail goes at its time",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE}},
	{"kept mail goes long after its time",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_DUE}},
	{"mail kept a little in the future stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW + DAY}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_NOT_DUE}},
	{"mail kept in the far future was dated by a wrong clock, and stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW + 400 * DAY}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_UNDATED}},
	{"and so does what was stored while the clock was wrong",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 0}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_UNDATED}},
	{"what failed by a clock that was years ahead is tried again",
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
	{"due mail stays when keep-newest is more than there is",
		{.erase = ERASE_NOW, .keep_newest = 1000000},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"mail that a killed run left half stored is not touched",
		{.erase = ERASE_NOW}, {.state = MEMORY_ARRIVING}, 1000,
		.step = {.why_fetch = REASON_INTERRUPTED}},
	{"erased mail listed again with its size is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 1000},
		1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"nor under delete = never", {.erase = ERASE_NEVER},
		{.state = MEMORY_ERASED, .size = 1000}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"kept mail that had vanished and is back with its size is not erased",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"nor by a rule of sizes", {.erase = ERASE_NEVER, .delete_larger = 10},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
	{"but it is kept mail by its header", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME}},
	{"and where nothing is erased, that it is back says nothing",
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
	{"kept mail that had vanished is not erased without a size",
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
	{"what is known is not older than start", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.old = true}},
	{"mail that is only seen is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_SEEN, .kept_at = 1},
		1000, .step = {.why_fetch = REASON_SEEN}},
	{"nor when its days are over", {.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_SEEN, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"nor when it had vanished and is back, of whatever size",
		{.erase = ERASE_NOW},
		{.state = MEMORY_SEEN, .size = 999, .vanished = true}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"nor over max-size, or among the newest",
		{.erase = ERASE_NOW, .max_size = 1, .keep_newest = 3},
		{.state = MEMORY_SEEN, .held = true}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"another size under a uid that is kept is another message: fetched",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .size = 999, .kept_at = 1}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED}},
	{"another message is one under whatever rule it stays",
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
	{"so is one of the size of an erased one", {.erase = ERASE_NEVER},
		{.state = MEMORY_ERASED}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER}},
	{"what had vanished is itself by its header, even without sizes",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = UNKNOWN, .vanished = true},
		UNKNOWN,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME}},
	{"what was erased and is listed again is not erased again",
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
	{"delete = when trashed leaves what is here",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE},
		.finding = {.local = LOCAL_HERE}},
	{"and what nobody looked for", {.erase = ERASE_WHEN_TRASHED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE}},
	{"it erases what was trashed", {.erase = ERASE_WHEN_TRASHED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_TRASHED},
		.finding = {.local = LOCAL_TRASHED}},
	{"and what is gone altogether", {.erase = ERASE_WHEN_TRASHED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_TRASHED},
		.finding = {.local = LOCAL_GONE}},
	{"but not what cannot be read", {.erase = ERASE_WHEN_TRASHED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNREADABLE},
		.finding = {.local = LOCAL_UNREADABLE}},
	{"nor what was not found and has no header to be found by",
		{.erase = ERASE_WHEN_TRASHED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"nor is that purged", {.erase = ERASE_WHEN_PURGED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"nor erased when it is due", {.erase = ERASE_AFTER, .after = 10},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"nor for its size", {.delete_larger = 10}, {.state = MEMORY_KEPT},
		1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_UNTRACED},
		.finding = {.local = LOCAL_UNTRACED}},
	{"delete = when purged leaves what is in the trash",
		{.erase = ERASE_WHEN_PURGED}, {.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_STILL_HERE},
		.finding = {.local = LOCAL_TRASHED}},
	{"it erases what is gone", {.erase = ERASE_WHEN_PURGED},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_PURGED},
		.finding = {.local = LOCAL_GONE}},
	{"not what is held", {.erase = ERASE_WHEN_PURGED},
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
	{"due mail whose copy its owner removed goes",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_DUE},
		.finding = {.local = LOCAL_GONE}},
	{"so does what he trashed", {.erase = ERASE_AFTER, .after = DAY},
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
	{"due mail of just keep-larger-than goes",
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
	{"kept mail over delete-larger-than goes before its time",
		{.erase = ERASE_AFTER, .after = DAY, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_LARGE}},
	{"even under delete = never",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_LARGE}},
	{"but not under -k", {.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_KEEP},
		.restraint = RESTRAINT_KEEP},
	{"nor when its copy was changed",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"new mail over delete-larger-than is fetched first",
		{.erase = ERASE_NEVER, .delete_larger = 999},
		{.state = MEMORY_NONE}, 1000,
		.step = {.fetch = true, .why_fetch = REASON_NEW}},
	{"mail of unknown size is none of the large ones",
		{.erase = ERASE_NEVER, .delete_larger = 1},
		{.state = MEMORY_KEPT, .size = UNKNOWN}, UNKNOWN,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"the oldest goes when all is more than max-server-size",
		{.erase = ERASE_NEVER, .max_server_size = 999},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_NO_ROOM}},
	{"it stays when all fits",
		{.erase = ERASE_NEVER, .max_server_size = 1000},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEVER}},
	{"what was never fetched does not go for want of room",
		{.erase = ERASE_NEVER, .max_server_size = 10, .max_size = 10},
		{.state = MEMORY_NONE}, 1000,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"nor does what is held", {.erase = ERASE_NEVER, .max_server_size = 10},
		{.state = MEMORY_KEPT, .held = true}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_HELD}},
	{"nor what was changed here",
		{.erase = ERASE_NEVER, .max_server_size = 10},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_FETCHED_BEFORE,
			.why_erase = REASON_CHANGED},
		.finding = {.local = LOCAL_CHANGED}},
	{"nor what is among the newest",
		{.erase = ERASE_NEVER, .max_server_size = 10, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"what failed before is tried again, after all others",
		{.erase = ERASE_NEVER}, {.state = MEMORY_NONE, .tries = 2},
		1000,
		.step = {.fetch = true,
			.last = true,
			.why_fetch = REASON_RETRY}},
	{"so it is under delete = now, and erased then", {.erase = ERASE_NOW},
		{.state = MEMORY_NONE, .tries = 2}, 1000,
		.step = {.fetch = true,
			.erase = true,
			.last = true,
			.why_fetch = REASON_RETRY,
			.why_erase = REASON_ERASE_NOW}},
	{"not before its time", {.erase = ERASE_NEVER},
		{.state = MEMORY_NONE, .tries = 3, .next_try = NOW + 1}, 1000,
		.step = {.why_fetch = REASON_WAITING}},
	{"but at its time", {.erase = ERASE_NEVER},
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
	{"and not before its time", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT,
			.size = 999,
			.tries = 3,
			.next_try = NOW + 1},
		1000, .step = {.why_fetch = REASON_WAITING}},
	{"and is left alone when it failed too often", {.erase = ERASE_NOW},
		{.state = MEMORY_ERASED,
			.size = 999,
			.tries = 7,
			.quarantined = true},
		1000, .step = {.why_fetch = REASON_QUARANTINED}},
	{"what is held is fetched again without being erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE, .held = true},
		1000,
		.step = {.fetch = true,
			.why_fetch = REASON_NEW,
			.why_erase = REASON_HELD}},
	{"another size says nothing on a server with loose sizes",
		{.erase = ERASE_NOW}, {.state = MEMORY_KEPT, .size = 999}, 1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_OTHER_SIZE},
		.finding = {.loose = true}},
	{"unless the header says that it is the same", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 999}, 1000,
		.step = {.erase = true,
			.why_fetch = REASON_KEPT,
			.why_erase = REASON_ERASE_NOW},
		.finding = {.identity = IDENTITY_SAME, .loose = true}},
	{"or another one", {.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .size = 999}, 1000,
		.step = {.fetch = true,
			.reused = true,
			.why_fetch = REASON_REUSED},
		.finding = {.identity = IDENTITY_OTHER, .loose = true}},
	{"quite another size under a uid that is only seen is another message",
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
	{"and the newest, too",
		{.erase = ERASE_NEVER, .delete_larger = 10, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST}},
	{"keep-newest protects from when trashed",
		{.erase = ERASE_WHEN_TRASHED, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST},
		.finding = {.local = LOCAL_TRASHED}},
	{"and from when purged", {.erase = ERASE_WHEN_PURGED, .keep_newest = 3},
		{.state = MEMORY_KEPT}, 1000,
		.step = {.why_fetch = REASON_KEPT, .why_erase = REASON_NEWEST},
		.finding = {.local = LOCAL_GONE}},
	{"unless it is over max-size by now",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_NONE, .tries = 2}, 1000,
		.step = {.why_fetch = REASON_TOO_LARGE}},
	{"what failed too often is left alone", {.erase = ERASE_NOW},
		{.state = MEMORY_NONE, .tries = 7, .quarantined = true}, 1000,
		.step = {.why_fetch = REASON_QUARANTINED}},
	{"mail that only counts as seen is not fetched", {.erase = ERASE_NEVER},
		{.state = MEMORY_SEEN}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"nor ever erased", {.erase = ERASE_NOW},
		{.state = MEMORY_SEEN, .kept_at = 1}, 1000,
		.step = {.why_fetch = REASON_SEEN}},
	{"erased mail whose size was never known is left alone",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = UNKNOWN},
		1000,
		.step = {.why_fetch = REASON_KEPT,
			.why_erase = REASON_RETURNED}},
};

/* A plan made of these and nothing else that is known. */
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

		/* Unless the row says otherwise, it has the size it had. */
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

/* A clock that is not sure erases nothing by the time alone. */
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
		{"nor does one that leapt", CLOCK_LEAPT,
			{.erase = ERASE_AFTER, .after = DAY}, REASON_CLOCK,
			false},
		{"delete = now needs no clock", CLOCK_LEAPT,
			{.erase = ERASE_NOW}, REASON_ERASE_NOW, true},
		{"nor do rules of sizes", CLOCK_BEHIND,
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
		"what is kept for ever is quiet for ever");
	ok(quiet_after(&after, all) == NOW + 60,
		"what is not due is quiet until it is");
	all[1].kept_at = NOW - 90;
	ok(quiet_after(&after, all) == NOW + 10,
		"what is due first ends the quiet");
	all[1].kept_at = NOW - 100;
	ok(quiet_after(&after, all) == 0, "what is due is not quiet");
	all[1].kept_at = NOW + DAY;
	ok(quiet_after(&after, all) == NOW + 60,
		"a time that is far off does no harm");
	all[1] = kept;
	all[2] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&never, all) == 0, "what is new is not quiet");
	all[2] = (struct memory){.state = MEMORY_ERASED, .size = 10};
	ok(quiet_after(&never, all) == 0,
		"what is listed again is said each time");
	all[2] = kept;
	all[2].vanished = true;
	ok(quiet_after(&never, all) == INT64_MAX,
		"what was gone for a while is quiet where nothing is erased");
	ok(quiet_after(&after, all) == 0, "and else asked for its header");
	all[2] = (struct memory){.state = MEMORY_SEEN};
	ok(quiet_after(&never, all) == INT64_MAX,
		"what is only seen is quiet for ever");
	all[2] = kept;
	all[0] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&small, all) == 0,
		"what is too large is counted each time");
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
		"mail without a uid is left where it is");
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
		"no sizes are needed when all is kept");
	policy.max_size = 10;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"nor under max-size when nothing is new");
	memories[2].state = MEMORY_NONE;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"they are for a new message under max-size");
	policy.max_size = 0;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"not for a new message without max-size");
	memories[2] = kept;
	memories[2].size = 10;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"but for a kept one, whose uid may be used again");
	memories[2] = kept;
	memories[2].vanished = true;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"and for one that had vanished");
	memories[2].vanished = false;
	memories[1].state = MEMORY_ERASED;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"and for an erased message that is listed again");
	maildrop_release(&maildrop);
}

/* A mailbox of so many kept messages, of which some are missing here. */
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
		{"more may not", 20, 100, 21, false, true},
		{"nor all", 20, 100, 100, false, true},
		{"ten are not too many of more", 20, 11, 10, false, false},
		{"all of them are, if they are three", 20, 3, 3, false, true},
		{"two may be missing, if they are all", 20, 2, 2, false, false},
		{"eleven are, if they are all", 20, 11, 11, false, true},
		{"what was missing before is none of them", 20, 100, 100, true,
			false},
		{"brake = 100 does not brake for many", 100, 100, 99, false,
			false},
		{"but for all of them", 100, 100, 100, false, true},
		{"brake = 0 brakes for eleven of many", 0, 1000, 11, false,
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

/* Whatever the policy and the memory: what no plan may ever say. */
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
		"the first failures may be the line's");
	for (uint32_t tries = 2; tries < 100; tries++) {
		if (plan_patience(tries) > plan_patience(tries + 1) ||
			plan_patience(tries) > DAY)
			ok(false, "patience grows, up to a day");
	}
	ok(plan_patience(PLAN_TRIES_MAX) == DAY, "patience grows up to a day");
}

static void test_reasons(void)
{
	char why[PLAN_WHY_MAX];
	struct step step = {.why_fetch = REASON_KEPT};

	ok(plan_reason(REASON_NONE)[0] == '\0', "no reason is no word");
	for (int i = 1; i < REASONS; i++)
		ok(plan_reason((enum reason)i)[0] != '\0',
			"reason %d is said in words", i);
	ok(strcmp(plan_why(why, &step), "kept here") == 0,
		"one reason is one clause");
	step.why_erase = REASON_NOT_DUE;
	ok(strcmp(plan_why(why, &step), "kept here; not due yet") == 0,
		"two reasons are two");
	struct step same = plan_of_pair(plan_pair(&step));

	ok(same.why_fetch == step.why_fetch && same.why_erase == step.why_erase,
		"a pair of reasons has a number");
}

/* What has to be found out before a plan is carried out. */
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
		"what is due is looked for first");
	facts.looked = true;
	findings[0].local = LOCAL_HERE;
	ok(plan_needs(&facts, &plan) == NEED_VERIFY, "then it is read");
	findings[0].verified = true;
	ok(plan_needs(&facts, &plan) == NEED_SYNC,
		"and the file system must be able to keep it");
	facts.sync_known = true;
	ok(plan_needs(&facts, &plan) == NEED_NOTHING, "and that is all");
	findings[0].verified = false;
	policy.verify = VERIFY_STAT;
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"verify = stat reads nothing");
	plan_release(&plan);
	facts.looked = false;
	facts.restraint = RESTRAINT_KEEP;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"under -k nothing is looked for");
	plan_release(&plan);
	memories[0].kept_at = NOW;
	facts.restraint = RESTRAINT_NONE;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_NOTHING,
		"nor where nothing is due");
	plan_release(&plan);
	policy.erase = ERASE_WHEN_TRASHED;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_COPIES,
		"but where all depends on the copies");
	plan_release(&plan);
	policy.erase = ERASE_NOW;
	memories[0] = (struct memory){.state = MEMORY_NONE};
	memories[1].held = memories[2].held = true;
	facts.sync_known = false;
	plan = plan_make(&facts);
	ok(plan_needs(&facts, &plan) == NEED_SYNC,
		"what is fetched and erased at once has no copy yet");
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
