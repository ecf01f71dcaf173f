/* SPDX-License-Identifier: ISC */
/*
 * libcurl_facts connect|login|retr PORT: what libcurl does where the session's
 * design depends on it; libcurl.bats says what it should be.
 * libcurl_facts version: which libcurl it is.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	(void)data;
	printf("heard %.*s", (int)(size * count), bytes);
	return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes;
	*(size_t *)data += size * count;
	return size * count;
}

int main(int argc, char **argv)
{
	CURL *curl = curl_easy_init();
	curl_socket_t socket = CURL_SOCKET_BAD;
	size_t body = 0;
	char url[64];
	char answer[100];
	size_t n = 0;

	if (argc == 2 && strcmp(argv[1], "version") == 0) {
		printf("%s\n", curl_version_info(CURLVERSION_NOW)->version);
		return 0;
	}
	if (argc < 3 || curl == NULL)
		return 2;
	snprintf(url, sizeof url, "pop3://127.0.0.1:%s/%s", argv[2],
		strcmp(argv[1], "retr") == 0 ? "1" : "");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	if (strcmp(argv[1], "retr") != 0)
		curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	if (strcmp(argv[1], "connect") != 0) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, "test");
		curl_easy_setopt(curl, CURLOPT_PASSWORD, "test");
	}
	CURLcode code = curl_easy_perform(curl);

	curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket);
	printf("code %d\nsocket %s\nbody %zu\n", (int)code,
		socket == CURL_SOCKET_BAD ? "no" : "yes", body);
	if (code == CURLE_OK && socket != CURL_SOCKET_BAD) {
		code = curl_easy_send(curl, "NOOP\r\n", 6, &n);
		while (code == CURLE_OK || code == CURLE_AGAIN) {
			code = curl_easy_recv(
				curl, answer, sizeof answer - 1, &n);
			if (code == CURLE_OK)
				break;
		}
		answer[n] = '\0';
		printf("channel %s", n > 0 ? answer : "dead\n");
	}
	curl_easy_cleanup(curl);
	return 0;
}
