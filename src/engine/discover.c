/* SPDX-License-Identifier: ISC */
#include "engine/discover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/oauth.h"
#include "core/xalloc.h"
#include "io/net/session.h"
#include "io/net/srv.h"
#include "io/net/web.h"
#include "io/process/log.h"

#define TABLE_MAX (256 * 1024)
/* How long a page is waited for, and a server that may be there. */
#define PAGE_SECONDS 10
#define PROBE_SECONDS 5
/* No other place is looked at after this time. */
#define SEARCH_SECONDS 30

/* What is looked for, and how. */
struct search {
	const struct account *like;
	const char *address;
	const char *domain;
	const volatile sig_atomic_t *stop;
	struct discovery *found;
	struct patience wait; /* for all of it */
};

static bool in_table(const struct search *search)
{
	const char *directory = getenv("KEEPMAIL_DATA");
	char *path = xasprintf(
		"%s/providers", directory != NULL ? directory : PKGDATADIR);
	char *table = xmalloc(TABLE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, table, TABLE_MAX);
	bool found = n > 0 &&
		provider_find(table, (size_t)n, search->domain,
			&search->found->server);

	if (fd >= 0)
		close(fd);
	free(table);
	free(path);
	if (found)
		snprintf(search->found->source, sizeof search->found->source,
			"according to keepmail's table of providers");
	return found;
}

/* Gets a page, and looks for a server in it. */
static bool in_page(const struct search *search, const char *url)
{
	const struct patience wait = patience_begin(PAGE_SECONDS, search->stop);
	struct account_server server = {.proxy = search->like->server.proxy};
	struct account_remote to = account_source(search->like);
	struct web_answer *answer = xcalloc(1, sizeof *answer);
	struct error err = {.kind = ERROR_NONE};
	const struct web_request request = {.url = url,
		.follows = true,
		.file = -1,
		.seconds = PAGE_SECONDS,
		.wait = &wait};

	server.host = oauth_host(url, &server.port);
	to.protocol = PROTOCOL_HTTPS;
	to.server = &server;
	struct web *web = web_open(&to, &err);
	bool found = !patience_is_over(&search->wait) && server.host != NULL &&
		web != NULL && web_send(web, &request, answer, &err) &&
		answer->status == 200 &&
		provider_parse_page(
			answer->body, answer->length, &search->found->server);

	if (found)
		snprintf(search->found->source, sizeof search->found->source,
			"according to the autoconfig page at %s", server.host);
	else
		log_line(LOG_MESSAGES, "nothing at %s%s%s", url,
			err.kind == ERROR_NONE ? "" : ": ", err.text);
	web_close(web);
	free(server.host);
	free(answer);
	return found;
}

static bool at_domain(const struct search *search)
{
	struct buffer query;

	buffer_init(&query, 4096);
	oauth_add(&query, "emailaddress", search->address);
	char *url = xasprintf("https://autoconfig.%s/mail/config-v1.1.xml?%.*s",
		search->domain, (int)buffer_length(&query),
		buffer_bytes(&query));
	bool found = in_page(search, url);

	free(url);
	url = xasprintf(
		"https://%s/.well-known/autoconfig/mail/config-v1.1.xml",
		search->domain);
	found = found || in_page(search, url);
	free(url);
	buffer_release(&query);
	return found;
}

/* RFC 6186 section 3.3; the port says nothing of TLS. */
static bool in_dns(
	const struct search *search, const char *service, enum tls_mode tls)
{
	struct discovery *found = search->found;
	char *name = xasprintf("%s._tcp.%s", service, search->domain);
	struct srv srv;
	/* With a proxy, nobody else is to hear of it. */
	bool is = search->like->server.proxy == NULL &&
		!patience_is_over(&search->wait) && srv_look_up(name, &srv) &&
		provider_is_host(srv.host);

	free(name);
	if (!is)
		return false;
	found->server = (struct provider){.port = srv.port, .tls = tls};
	snprintf(found->server.host, sizeof found->server.host, "%s", srv.host);
	snprintf(found->source, sizeof found->source, "from the DNS of %s (%s)",
		search->domain, service);
	/* Section 6: an answer of the DNS may be forged. */
	found->doubtful = !provider_is_within(srv.host, search->domain);
	return true;
}

/* Does a POP3 server answer there, with a certificate of this name? */
static bool answers(
	const struct search *search, const char *prefix, enum tls_mode tls)
{
	struct account probe = *search->like;
	struct discovery *found = search->found;
	struct error err = {.kind = ERROR_NONE};
	char *host = xasprintf("%s%s", prefix, search->domain);

	/* A copy that owns nothing. */
	probe.server.host = host;
	probe.server.port = account_default_port(tls);
	probe.tls.mode = tls;
	probe.session.timeout = PROBE_SECONDS;
	probe.session.max_time = PROBE_SECONDS;
	bool is = !patience_is_over(&search->wait) && provider_is_host(host) &&
		session_probe(&probe, search->stop, &err);

	if (is) {
		found->server = (struct provider){
			.port = probe.server.port, .tls = tls};
		snprintf(found->server.host, sizeof found->server.host, "%s",
			host);
		snprintf(found->source, sizeof found->source,
			"which answers, with a valid certificate");
	} else {
		log_line(LOG_MESSAGES, "nothing at %s:%u: %s", host,
			probe.server.port, err.text);
	}
	free(host);
	return is;
}

static bool by_name(const struct search *search)
{
	static const char *const prefixes[] = {"pop.", "mail.", "pop3.", ""};
	const size_t count = sizeof prefixes / sizeof prefixes[0];

	for (size_t i = 0; i < count; i++) {
		if (answers(search, prefixes[i], TLS_IMPLICIT))
			return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (answers(search, prefixes[i], TLS_STARTTLS))
			return true;
	}
	return false;
}

bool discover(const struct account *like, const char *address, const char *page,
	const volatile sig_atomic_t *stop, struct discovery *found)
{
	const struct search search = {
		.like = like,
		.address = address,
		.domain = provider_domain(address),
		.stop = stop,
		.found = found,
		.wait = patience_begin(SEARCH_SECONDS, stop),
	};

	*found = (struct discovery){.doubtful = false};
	if (search.domain == NULL)
		return false;
	if (page != NULL)
		return in_page(&search, page);
	return in_table(&search) || at_domain(&search) ||
		in_dns(&search, "_pop3s", TLS_IMPLICIT) ||
		in_dns(&search, "_pop3", TLS_STARTTLS) || by_name(&search);
}
