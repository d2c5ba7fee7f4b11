/* Links over a socket pair: what must pass passes, what must not does not. */
#define _GNU_SOURCE
#include "address.h"
#include "pair.h"
#include "tls.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/popcorn-link-XXXXXX";

static const char *file(const char *name)
{
	static char path[4][128];
	static int next;
	char *p = path[next++ % 4];

	snprintf(p, 128, "%s/%s", folder, name);
	return p;
}

static struct pcn_tls *tls(const char *key, bool server)
{
	struct pcn_tls_files files = {.key = file(key)};
	struct error error;
	struct pcn_tls *t = pcn_tls_new(&files, server, &error);

	if (!t)
		fprintf(stderr, "%s\n", error.text);
	must(t);
	return t;
}

/* client, server: NULL for a plain socket. */
static struct pair connect_pair(const struct pcn_tls *client,
				const struct pcn_tls *server)
{
	struct pair p;
	int fds[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	p.a = pcn_link_new(client ? pcn_transport_tls(fds[0], client, "x")
				  : pcn_transport_socket(fds[0]),
			   5 * SECOND);
	p.b = pcn_link_new(server ? pcn_transport_tls(fds[1], server, NULL)
				  : pcn_transport_socket(fds[1]),
			   5 * SECOND);
	must(p.a && p.b);
	return p;
}

static int receive(struct pcn_link *l, struct pcn_link *other,
		   struct pcn_frame *f)
{
	return receive_within(l, other, f, 10 * SECOND);
}

static bool hears_nothing(struct pcn_link *l, struct pcn_link *other)
{
	struct pcn_frame f;

	return !receive_within(l, other, &f, SECOND / 5);
}

static int send_text(struct pcn_link *l, uint32_t type, const char *text)
{
	struct iovec part = {(void *)text, strlen(text)};

	return pcn_link_send(l, type, &part, 1);
}

static void test_frames(const struct pcn_tls *client,
			const struct pcn_tls *server)
{
	struct pair p = connect_pair(client, server);
	static uint8_t big[PCN_LINK_FRAME_MAX];
	struct iovec parts[3] = {{big, 10}, {NULL, 0}, {big + 10, 90}};
	struct pcn_frame f;
	uint64_t sent = 0, got = 0;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	/* Before the handshake: it waits in the queue. */
	must(!send_text(p.a, 1, "early"));
	must(receive(p.b, p.a, &f) == 1 && f.type == 1 && f.size == 5);
	must(!memcmp(f.data, "early", 5));
	must(!pcn_link_send(p.b, 2, parts, 3));
	must(receive(p.a, p.b, &f) == 1 && f.size == 100);
	must(!memcmp(f.data, big, 100));
	must(!pcn_link_send(p.b, 3, NULL, 0));
	must(receive(p.a, p.b, &f) == 1 && f.type == 3 && !f.size);
	/* Back-pressure: the queue takes what it may, whole frames. */
	must(!pcn_link_allow(p.a, PCN_LINK_FRAME_MAX, 1 << 18));
	must(!pcn_link_allow(p.b, PCN_LINK_FRAME_MAX, 1 << 18));
	parts[0].iov_len = 100000;
	for (int i = 0; i < 200;) {
		int err = pcn_link_send(p.a, 4, parts, 1);

		if (!err) {
			i++;
			sent += 100000;
			continue;
		}
		must(err == -EAGAIN);
		must(pcn_link_queued(p.a) <= 1 << 18);
		must(receive(p.b, p.a, &f) == 1 && f.size == 100000);
		must(!memcmp(f.data, big, 100000));
		got += f.size;
	}
	while (got < sent) {
		must(receive(p.b, p.a, &f) == 1 && f.size == 100000);
		got += f.size;
	}
	must(hears_nothing(p.b, p.a));
	/* The reason arrives, without what a terminal would obey. */
	pcn_link_close(p.a, "had enough\033[2J", 0);
	must(receive(p.b, NULL, &f) == -ECONNABORTED);
	must(!strcmp(pcn_link_why(p.b), "had enough?[2J"));
	must(pcn_link_said_bye(p.b));
	pcn_link_close(p.b, NULL, 0);
}

static void test_raw(const void *bytes, size_t size, const char *why)
{
	struct pcn_frame f;
	struct pcn_link *l;
	int fds[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	l = pcn_link_new(pcn_transport_socket(fds[0]), SECOND / 5);
	must(write(fds[1], bytes, size) == (ssize_t)size);
	must(receive(l, NULL, &f) < 0);
	if (!strstr(pcn_link_why(l), why))
		fprintf(stderr, "'%s', not '%s'\n", pcn_link_why(l), why);
	must(strstr(pcn_link_why(l), why));
	pcn_link_close(l, pcn_link_why(l), 0);
	close(fds[1]);
}

static void test_bad_bytes(void)
{
	static const uint8_t large[16] = "popcorn\1\0\0\0\1",
			     not_zero[16] = "popcorn\1\0\0\0\0\1\0\1";

	test_raw("GET / HTTP/1.1\r\n", 16, "not Popcorn's");
	test_raw("popcorn\2", 8, "version 2");
	test_raw("popcorn", 7, "does not answer");
	test_raw(large, sizeof(large), "too large");
	test_raw(not_zero, sizeof(not_zero), "damaged");
}

static void test_refused(const struct pcn_tls *client,
			 const struct pcn_tls *server)
{
	struct pair p = connect_pair(client, server);
	struct pcn_frame f;
	uint64_t until = pcn_now_ns() + 10 * SECOND;

	while (pcn_now_ns() < until &&
	       (!pcn_link_receive(p.a, &f) || !pcn_link_receive(p.b, &f))) {
		if (pcn_link_receive(p.a, &f) < 0 &&
		    pcn_link_receive(p.b, &f) == 0)
			shutdown(pcn_link_fd(p.a), SHUT_RDWR);
		if (pcn_link_receive(p.b, &f) < 0 &&
		    pcn_link_receive(p.a, &f) == 0)
			shutdown(pcn_link_fd(p.b), SHUT_RDWR);
	}
	must(pcn_link_receive(p.a, &f) < 0 && pcn_link_receive(p.b, &f) < 0);
	must(!pcn_link_up(p.a) && !pcn_link_up(p.b));
	pcn_link_close(p.a, NULL, 0);
	pcn_link_close(p.b, NULL, 0);
}

static void test_silent(void)
{
	struct pair p = connect_pair(NULL, NULL);
	struct pcn_frame f;

	pcn_link_expect(p.b, 0);
	must(hears_nothing(p.b, p.a) && pcn_link_up(p.b));
	pcn_link_expect(p.b, pcn_now_ns() + SECOND / 20);
	must(receive(p.b, p.a, &f) == -ETIMEDOUT);
	pcn_link_free(p.a);
	pcn_link_free(p.b);
}

static void refuse_key(const char *name, const char *text, mode_t mode,
		       const char *why)
{
	struct pcn_tls_files files = {.key = file(name)};
	struct error error;
	FILE *f;

	unlink(files.key);
	f = fopen(files.key, "w");
	must(f);
	fputs(text, f);
	fclose(f);
	chmod(files.key, mode);
	must(!pcn_tls_new(&files, true, &error));
	must(strstr(error.text, why));
}

static void test_keys(void)
{
	static const char good[] = "0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcdef";
	struct error error;
	struct stat st;

	must(!stat(file("key"), &st) && (st.st_mode & 0777) == 0600);
	must(pcn_tls_make_key(file("key"), &error) == -EEXIST);
	refuse_key("open", good, 0640, "chmod 600");
	refuse_key("open", good, 0604, "chmod 600");
	refuse_key("short", good + 1, 0600, "not a key");
	refuse_key("upper", "ABCDEF", 0600, "not a key");
	refuse_key("empty", "", 0600, "not a key");
}

static void refuse_address(const char *text)
{
	struct pcn_address a;
	struct error error;

	must(pcn_address_parse(&a, text, &error) < 0);
}

static void test_addresses(void)
{
	struct pcn_address a;
	struct error error;
	char text[64];

	must(!pcn_address_parse(&a, "127.0.0.1:80", &error));
	must(pcn_address_is_local(&a));
	pcn_address_format(&a, text, sizeof(text));
	must(!strcmp(text, "127.0.0.1:80"));
	must(!pcn_address_parse(&a, "[::1]", &error));
	pcn_address_format(&a, text, sizeof(text));
	must(!strcmp(text, "[::1]:7717") && pcn_address_is_local(&a));
	must(!pcn_address_parse(&a, "192.0.2.1:1", &error));
	must(!pcn_address_is_local(&a));
	refuse_address("");
	refuse_address(":1");
	refuse_address("127.0.0.1:");
	refuse_address("127.0.0.1:65536");
	refuse_address("127.0.0.1:8o");
	refuse_address("[::1");
	refuse_address("[::1]x");
	refuse_address("unix:");
	refuse_address("fabric:");
	refuse_address("fabric+:127.0.0.1:80");
	refuse_address("fabric+tcp");
	refuse_address("fabric+no/provider:127.0.0.1:80");
	refuse_address("fabric+providers-name-too-long:127.0.0.1:80");
}

int main(void)
{
	struct pcn_tls *client, *server, *other;
	struct error error;

	must(mkdtemp(folder));
	must(!pcn_tls_make_key(file("key"), &error));
	must(!pcn_tls_make_key(file("other"), &error));
	client = tls("key", false);
	server = tls("key", true);
	other = tls("other", false);
	test_frames(NULL, NULL);
	test_frames(client, server);
	test_refused(other, server);
	test_refused(NULL, server);
	test_refused(client, NULL);
	test_silent();
	test_bad_bytes();
	test_keys();
	test_addresses();
	pcn_tls_free(client);
	pcn_tls_free(server);
	pcn_tls_free(other);
	for (int i = 0; i < 6; i++)
		unlink(file((const char *[]){"key", "other", "open", "short",
					     "upper", "empty"}[i]));
	must(!rmdir(folder));
	puts("ok");
	return 0;
}
