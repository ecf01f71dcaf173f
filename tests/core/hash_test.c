/* SPDX-License-Identifier: ISC */
#include "core/hash.h"

#include "tap.h"

int main(void)
{
	static const uint64_t key[2] = {1, 2};
	static const uint64_t other[2] = {1, 3};
	static const char text[] = "0123456789abcdefghij";
	uint64_t seen[sizeof text];
	unsigned same_twice = 0;

	for (size_t n = 0; n < sizeof text; n++) {
		seen[n] = hash_octets(key, text, n);
		for (size_t i = 0; i < n; i++)
			same_twice += seen[i] == seen[n];
	}
	ok(same_twice == 0, "texts of different lengths have different hashes");
	ok(hash_octets(key, text, 20) == seen[20],
		"the same text has the same hash");
	ok(hash_octets(other, text, 20) != seen[20],
		"another key gives another hash");
	ok(hash_octets(key, "a\0", 2) != hash_octets(key, "a\0\0", 3),
		"NULs at the end count");
	return done();
}
