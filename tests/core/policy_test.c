/* SPDX-License-Identifier: ISC */
#include "core/policy.h"

#include <string.h>

#include "tap.h"

static void test_outlook(void)
{
	static const struct {
		struct policy policy;
		uint64_t on_server;
		uint64_t over;
		int64_t oldest_other;
		uint64_t due;
		int64_t next;
		const char *sentence;
	} rows[] = {
		{{.erase = ERASE_NEVER}, 9, 3, 50, 0, 0,
			"nothing is due under never"},
		{{.erase = ERASE_NOW}, 9, 9, 0, 9, 0,
			"everything is due under now"},
		{{.erase = ERASE_AFTER, .after = 100}, 9, 3, 50, 3, 150,
			"some mail is due after a time, and the next later"},
		{{.erase = ERASE_AFTER, .after = 100}, 9, 0, 50, 0, 150,
			"no mail is due yet, and the first later"},
		{{.erase = ERASE_AFTER, .after = 100}, 9, 9, 0, 9, 0,
			"all mail is due"},
		{{.erase = ERASE_AFTER, .after = 100, .keep_newest = 5}, 9, 3,
			50, 3, 150, "the newest are not the due ones"},
		{{.erase = ERASE_AFTER, .after = 100, .keep_newest = 7}, 9, 3,
			50, 2, 0, "the newest are among the due ones"},
		{{.erase = ERASE_NOW, .keep_newest = 10}, 9, 9, 0, 0, 0,
			"all mail is among the newest"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct outlook outlook = policy_outlook(&rows[i].policy,
			rows[i].on_server, rows[i].over, rows[i].oldest_other);

		ok(outlook.due == rows[i].due && outlook.next == rows[i].next,
			"due mail: %s", rows[i].sentence);
	}
	ok(policy_kept_until(&rows[0].policy, 1000) == INT64_MIN,
		"nothing is ever due under never");
	ok(policy_kept_until(&rows[1].policy, 1000) == INT64_MAX &&
			policy_kept_until(&rows[2].policy, 1000) == 900,
		"with now all mail is due, after a time only older mail");
}

static void test_rules(void)
{
	static const struct {
		struct policy policy;
		enum verify_rule verify;
		bool later;
		const char *sentence;
	} rows[] = {
		{{.erase = ERASE_NEVER}, VERIFY_DIGEST, false,
			"never erases nothing"},
		{{.erase = ERASE_NEVER, .delete_larger = 1}, VERIFY_DIGEST,
			true, "never erases by a rule of sizes"},
		{{.erase = ERASE_NEVER, .max_server_size = 1}, VERIFY_DIGEST,
			true, "never erases by either rule of sizes"},
		{{.erase = ERASE_NOW}, VERIFY_STAT, true,
			"now erases mail of an earlier run that could not, and only asks for the file"},
		{{.erase = ERASE_NOW, .verify = VERIFY_DIGEST}, VERIFY_DIGEST,
			true, "now asks for more if the account says so"},
	};
	char key[POLICY_KEY_MAX];
	char other[POLICY_KEY_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ok(policy_erases_later(&rows[i].policy) == rows[i].later &&
				policy_verify(&rows[i].policy) ==
					rows[i].verify,
			"%s", rows[i].sentence);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (size_t k = 0; k < i; k++) {
			policy_key(key, &rows[i].policy, false);
			policy_key(other, &rows[k].policy, false);
			/* The required certainty does not affect the plan, nor
			 * the key. */
			ok((strcmp(key, other) == 0) == (i == 4 && k == 3),
				"policies %zu and %zu have different keys", i,
				k);
		}
	}
}

int main(void)
{
	test_outlook();
	test_rules();
	static const struct {
		const char *text;
		bool good;
		enum erase_rule erase;
		int64_t after;
		const char *back;
	} rows[] = {
		{"never", true, ERASE_NEVER, 0, "never"},
		{"NEVER", true, ERASE_NEVER, 0, "never"},
		{"now", true, ERASE_NOW, 0, "now"},
		{"after 30 days", true, ERASE_AFTER, 2592000, "after 30 days"},
		{"after 1 day", true, ERASE_AFTER, 86400, "after 1 day"},
		{"after 24 hours", true, ERASE_AFTER, 86400, "after 1 day"},
		{"after 2 weeks", true, ERASE_AFTER, 1209600, "after 2 weeks"},
		{"after 36h", true, ERASE_AFTER, 129600, "after 36 hours"},
		{"after 90 minutes", true, ERASE_AFTER, 5400,
			"after 90 minutes"},
		{"after 59 seconds", true, ERASE_AFTER, 59, "after 59 seconds"},
		{"after 0 days", true, ERASE_NOW, 0, "now"},
		{"when trashed", true, ERASE_WHEN_TRASHED, 0, "when trashed"},
		{"WHEN PURGED", true, ERASE_WHEN_PURGED, 0, "when purged"},
		{"when", false, ERASE_NEVER, 0, "never"},
		{"after 30", false, ERASE_NEVER, 0, "never"},
		{"after", false, ERASE_NEVER, 0, "never"},
		{"after -1 days", false, ERASE_NEVER, 0, "never"},
		{"after 1.5 days", false, ERASE_NEVER, 0, "never"},
		{"30 days", false, ERASE_NEVER, 0, "never"},
		{"after 99999999999 weeks", false, ERASE_NEVER, 0, "never"},
		{"after 30 fortnights", false, ERASE_NEVER, 0, "never"},
		{"", false, ERASE_NEVER, 0, "never"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy policy = {.erase = ERASE_NEVER};
		char room[64];

		ok(policy_parse_delete(&policy, rows[i].text) == rows[i].good &&
				policy.erase == rows[i].erase &&
				(!rows[i].good || policy.erase != ERASE_AFTER ||
					policy.after == rows[i].after),
			"delete = \"%s\" is %s", rows[i].text,
			rows[i].good ? "understood" : "refused");
		same(policy_format_delete(room, sizeof room, &policy),
			rows[i].back, "it is printed as \"%s\"", rows[i].back);
	}
	struct policy start = {.start = START_ALL};

	ok(policy_parse_start(&start, "30 days") &&
			start.start == START_YOUNG &&
			start.start_age == 2592000,
		"start = 30 days fetches younger mail");
	ok(!policy_parse_start(&start, "30") && start.start == START_YOUNG,
		"an invalid start changes nothing");
	ok(policy_parse_start(&start, "0 days") && start.start == START_NOW,
		"0 days are now");
	ok(policy_parse_start(&start, "ALL") && start.start == START_ALL,
		"start = all fetches all mail");
	static const struct policy others[] = {
		{.erase = ERASE_NOW},
		{.erase = ERASE_AFTER, .after = 1},
		{.erase = ERASE_AFTER, .after = 2},
		{.keep_newest = 1},
		{.max_size = 1},
	};
	struct policy plain = {.erase = ERASE_NEVER};
	char keys[2][POLICY_KEY_MAX];

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ok(strcmp(policy_key(keys[0], &plain, false),
			   policy_key(keys[1], &others[i], false)) != 0,
			"policy %zu has a key of its own", i);
	ok(strcmp(policy_key(keys[0], &others[1], false),
		   policy_key(keys[1], &others[2], false)) != 0,
		"another time gives another key");
	ok(strcmp(policy_key(keys[0], &plain, false),
		   policy_key(keys[1], &plain, true)) != 0,
		"the same policy under -k has another key");
	plain.after = 7;
	ok(strcmp(policy_key(keys[0], &plain, false),
		   policy_key(keys[1], &(struct policy){.erase = ERASE_NEVER},
			   false)) == 0,
		"a time that no rule uses does not change the key");
	return done();
}
