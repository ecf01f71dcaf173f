/* SPDX-License-Identifier: ISC */
#include "core/maildrop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "tap.h"

static const uint64_t key[2] = {3, 4};

static bool add(struct maildrop *maildrop, uint32_t number, const char *uid)
{
	struct error err = {.kind = ERROR_NONE};

	return maildrop_add(maildrop, number, uid, strlen(uid), &err);
}

static size_t find(const struct maildrop *maildrop, const char *uid,
	uint32_t ordinal, size_t hint)
{
	return maildrop_find(
		maildrop, (struct uid){uid, strlen(uid), ordinal}, hint);
}

static void test_order(void)
{
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};

	maildrop_init(&maildrop, key);
	ok(maildrop_index(&maildrop, &err), "an empty listing is accepted");
	ok(find(&maildrop, "a", 0, 0) == MAILDROP_NOT_FOUND,
		"nothing is found in an empty listing");
	maildrop_release(&maildrop);
	maildrop_init(&maildrop, key);
	add(&maildrop, 7, "g");
	add(&maildrop, 2, "b");
	add(&maildrop, 5, "e");
	ok(find(&maildrop, "b", 0, 9) == MAILDROP_NOT_FOUND,
		"nothing is found before it is indexed");
	ok(maildrop_index(&maildrop, &err) &&
			maildrop.messages[0].number == 2 &&
			maildrop.messages[2].number == 7,
		"messages are sorted by their numbers");
	ok(find(&maildrop, "e", 0, 0) == 1, "messages are found by their uids");
	ok(find(&maildrop, "e", 0, 1) == 1,
		"messages are found by their uids with a hint, too");
	ok(find(&maildrop, "x", 0, 1) == MAILDROP_NOT_FOUND,
		"an unknown uid is not found");
	ok(find(&maildrop, "e", 1, 1) == MAILDROP_NOT_FOUND,
		"a second message with a uid is not found if there is one");
	maildrop_set_size(&maildrop, 5, 500);
	maildrop_set_size(&maildrop, 7, 700);
	maildrop_set_size(&maildrop, 2, 200);
	maildrop_set_size(&maildrop, 1, 100);
	maildrop_set_size(&maildrop, 3, 300);
	maildrop_set_size(&maildrop, 9, 900);
	ok(maildrop.messages[0].size == 200 &&
			maildrop.messages[1].size == 500 &&
			maildrop.messages[2].size == 700,
		"sizes are assigned to their messages, with or without gaps");
	maildrop_release(&maildrop);
	maildrop_release(&maildrop);
	ok(maildrop.count == 0, "a maildrop can be released twice");
}

static void test_twice(void)
{
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};

	maildrop_init(&maildrop, key);
	add(&maildrop, 1, "same");
	add(&maildrop, 2, "other");
	add(&maildrop, 3, "same");
	add(&maildrop, 4, "same");
	ok(maildrop_index(&maildrop, &err), "a uid may be listed three times");
	ok(find(&maildrop, "same", 0, 9) == 0 &&
			find(&maildrop, "same", 1, 9) == 2 &&
			find(&maildrop, "same", 2, 9) == 3 &&
			find(&maildrop, "same", 3, 9) == MAILDROP_NOT_FOUND,
		"it then means three messages, each found by its ordinal");
	ok(maildrop.messages[0].copies == 3,
		"the first message has the number of copies");
	maildrop_release(&maildrop);
	maildrop_init(&maildrop, key);
	add(&maildrop, 2, "a");
	add(&maildrop, 1, "b");
	add(&maildrop, 2, "c");
	ok(!maildrop_index(&maildrop, &err) && err.kind == ERROR_PROTOCOL,
		"a number listed twice is refused");
	same(err.text, "the server lists message number 2 twice",
		"the error says which number");
	maildrop_release(&maildrop);
}

static void test_odd(void)
{
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};
	char uid[MAILDROP_UID_MAX + 1];

	maildrop_init(&maildrop, key);
	memset(uid, 'u', sizeof uid);
	ok(maildrop_add(&maildrop, 1, uid, MAILDROP_UID_MAX, &err),
		"a uid may have 1,024 bytes");
	ok(maildrop_add(&maildrop, 2, "a\0b", 3, &err) &&
			maildrop_add(&maildrop, 3, "a\0c", 3, &err) &&
			maildrop_add(&maildrop, 4, "", 0, &err),
		"a uid may contain NULs, and may be missing");
	ok(maildrop_add(&maildrop, 5, uid, sizeof uid, &err) &&
			maildrop.messages[4].uid_length == 0,
		"a longer uid counts as missing");
	err.kind = ERROR_NONE;
	maildrop_index(&maildrop, &err);
	ok(maildrop_find(&maildrop, (struct uid){"a\0c", 3, 0}, 9) == 2,
		"uids that differ after a NUL are different");
	ok(memcmp(maildrop_uid(&maildrop, &maildrop.messages[1]).bytes, "a\0b",
		   3) == 0,
		"a uid is stored unchanged");
	size_t length = maildrop.uids_length;

	maildrop.uids_length = MAILDROP_UIDS_MAX;
	ok(!maildrop_add(&maildrop, 5, "x", 1, &err) &&
			err.kind == ERROR_PROTOCOL,
		"the total length of all uids is limited");
	err.kind = ERROR_NONE;
	maildrop.uids_length = length;
	maildrop.count = MAILDROP_MAX;
	ok(!maildrop_add(&maildrop, 5, "x", 1, &err) &&
			err.kind == ERROR_PROTOCOL,
		"the number of messages is limited");
	maildrop_release(&maildrop);
	maildrop_init(&maildrop, key);
	maildrop_add(&maildrop, 1, "", 0, &err);
	struct message none = {.uid_length = 0};

	ok(maildrop_uid(&maildrop, &none).bytes[0] == '\0',
		"a missing uid is not equal to an empty one");
	maildrop_release(&maildrop);
}

/* Takes minutes instead of moments if anything here is quadratic. */
static void test_many(void)
{
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};
	char uid[32];
	size_t wrong = 0;
	size_t count = 200000;

	maildrop_init(&maildrop, key);
	for (size_t i = 0; i < count; i++)
		add(&maildrop, (uint32_t)i + 1, "all the same");
	ok(maildrop_index(&maildrop, &err) &&
			maildrop.messages[count - 1].ordinal == count - 1,
		"200,000 messages may share a uid");
	for (size_t i = 0; i < count; i++)
		wrong += find(&maildrop, "all the same", (uint32_t)i, 0) != i;
	ok(wrong == 0, "each of many messages is found");
	maildrop_release(&maildrop);
	maildrop_init(&maildrop, key);
	for (size_t i = 0; i < count; i++) {
		snprintf(uid, sizeof uid, "%zu", i);
		add(&maildrop, (uint32_t)i + 1, uid);
	}
	maildrop_index(&maildrop, &err);
	for (size_t i = 0; i < count; i++) {
		snprintf(uid, sizeof uid, "%zu", i);
		wrong += find(&maildrop, uid, 0, 0) != i;
	}
	ok(wrong == 0, "200,000 different uids are found");
	maildrop_release(&maildrop);
}

int main(void)
{
	test_order();
	test_twice();
	test_odd();
	test_many();
	return done();
}
