/* SPDX-License-Identifier: ISC */
#include "io/net/srv.h"

#include <sys/types.h>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define ANSWER_MAX 4096
/* Priority, weight and port, before the target. */
#define FIXED 6

bool srv_parse(const unsigned char *answer, size_t length, struct srv *found)
{
	unsigned best = 65536;
	ns_msg message;
	ns_rr record;

	if (ns_initparse(answer, (int)length, &message) < 0)
		return false;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		struct srv one;

		if (ns_parserr(&message, ns_s_an, i, &record) < 0)
			break;
		if (ns_rr_type(record) != ns_t_srv ||
			ns_rr_rdlen(record) <= FIXED)
			continue;
		const unsigned char *data = ns_rr_rdata(record);
		unsigned priority = ns_get16(data);

		one.port = (uint16_t)ns_get16(data + 4);
		/* ".": the service is decidedly not offered. */
		if (priority >= best || one.port == 0 ||
			ns_name_uncompress(answer, answer + length,
				data + FIXED, one.host, sizeof one.host) < 0 ||
			one.host[0] == '\0' || strcmp(one.host, ".") == 0)
			continue;
		best = priority;
		*found = one;
	}
	return best < 65536;
}

bool srv_look_up(const char *name, struct srv *found)
{
	unsigned char answer[ANSWER_MAX];
	int length = res_query(name, ns_c_in, ns_t_srv, answer, sizeof answer);

	return length > 0 &&
		srv_parse(answer,
			length < ANSWER_MAX ? (size_t)length : ANSWER_MAX,
			found);
}
