/* Links over libfabric's tcp on loopback, and carriers that come to an end. */
#define _GNU_SOURCE
#include "address.h"
#include "carrier.h"
#include "pair.h"
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK  100000u
#define CHUNKS 500u
#define MANY   40

static char folder[] = "/tmp/popcorn-fabric-XXXXXX";
static char key[64], other_key[64];
static struct pcn_tls *client, *server, *other;
static struct pcn_address there;
static int listener;

static struct pcn_tls *tls(const char *path, bool serves)
{
	struct pcn_tls_files files = {.key = path};
	struct error error = {""};
	struct pcn_tls *t = pcn_tls_new(&files, serves, &error);

	must(t);
	return t;
}

static struct pcn_link *link_on(int fd, const struct pcn_tls *t, bool connects)
{
	struct pcn_transport *transport =
		t ? pcn_transport_tls(fd, t, connects ? "127.0.0.1" : NULL)
		  : pcn_transport_socket(fd);

	must(transport);
	transport->carried = connects;
	return pcn_link_new(transport, 5 * SECOND);
}

static struct pcn_link *connect_to(const struct pcn_address *where,
				   const struct pcn_tls *t)
{
	struct error error = {""};
	int fd = pcn_address_connect(where, &error);

	must(fd >= 0);
	return link_on(fd, t, true);
}

static int accept_one(void)
{
	struct pollfd p = {listener, POLLIN, 0};
	struct pcn_address from;
	int fd;

	must(poll(&p, 1, 10000) == 1);
	fd = pcn_address_accept(&there, listener, &from);
	must(fd >= 0);
	must(pcn_address_is_local(&from) && !strcmp(from.fabric, "tcp"));
	return fd;
}

static struct pair make_pair(const struct pcn_tls *t, const struct pcn_tls *u)
{
	struct pair p = {.a = connect_to(&there, t)};

	p.b = link_on(accept_one(), u, false);
	return p;
}

static int receive(struct pcn_link *of, struct pcn_link *with,
		   struct pcn_frame *f)
{
	return receive_within(of, with, f, 20 * SECOND);
}

static void fill(uint8_t *bytes, uint32_t seed)
{
	for (uint32_t i = 0; i < CHUNK; i++)
		bytes[i] = (uint8_t)((seed + i) * 2654435761u >> 24);
}

static int send_chunk(struct pcn_link *l, uint32_t number)
{
	static uint8_t bytes[CHUNK];
	struct iovec part = {bytes, CHUNK};

	fill(bytes, number);
	return pcn_link_send(l, number % 1000, &part, 1);
}

static void check_chunk(const struct pcn_frame *f, uint32_t number)
{
	static uint8_t bytes[CHUNK];

	fill(bytes, number);
	must(f->type == number % 1000 && f->size == CHUNK);
	must(!memcmp(f->data, bytes, CHUNK));
}

/* 50 MB both ways at once; first, that who does not read makes the other side
 * wait. */
static void test_load(const struct pcn_tls *t, const struct pcn_tls *u)
{
	struct pair p = make_pair(t, u);
	uint32_t sent[2] = {0, 0}, got[2] = {0, 0};
	struct pcn_link *l[2] = {p.a, p.b};
	struct pcn_frame f;
	uint64_t until;
	int n;

	for (int i = 0; i < 2; i++)
		must(!pcn_link_allow(l[i], PCN_LINK_FRAME_MAX, 1 << 18));
	pcn_link_send(p.a, 7, NULL, 0);
	must(receive(p.b, p.a, &f) == 1 && f.type == 7 && !f.size);
	pcn_link_send(p.b, 8, NULL, 0);
	must(receive(p.a, p.b, &f) == 1 && f.type == 8 && !f.size);

	until = pcn_now_ns() + SECOND / 2;
	while (pcn_now_ns() < until)
		if (!send_chunk(p.a, sent[0]))
			sent[0]++;
		else
			pcn_link_flush(p.a);
	must(sent[0] > 2 && sent[0] < 40);

	until = pcn_now_ns() + 60 * SECOND;
	while (got[0] < CHUNKS || got[1] < CHUNKS) {
		struct pollfd list[2];

		must(pcn_now_ns() < until);
		for (int i = 0; i < 2; i++) {
			while (sent[i] < CHUNKS && !send_chunk(l[i], sent[i]))
				sent[i]++;
			while ((n = pcn_link_receive(l[i], &f)) > 0)
				check_chunk(&f, got[i]++);
			must(!n);
			list[i] =
				(struct pollfd){pcn_link_fd(l[i]),
						pcn_link_events(l[i], true), 0};
		}
		poll(list, 2, 10);
	}
	/* What was sent last comes, and why. */
	must(!send_chunk(p.a, 1) && !send_chunk(p.a, 2));
	pcn_link_flush(p.a);
	while (pcn_link_queued(p.a)) {
		n = receive_within(p.b, p.a, &f, SECOND);
		must(n == 1);
		check_chunk(&f, 1 + got[0]++ - CHUNKS);
	}
	if (!fork()) {
		pcn_link_close(p.a, "had enough", 1000);
		_exit(0);
	}
	pcn_link_free(p.a);
	while ((n = receive(p.b, NULL, &f)) == 1)
		check_chunk(&f, 1 + got[0]++ - CHUNKS);
	must(got[0] == CHUNKS + 2 && n == -ECONNABORTED);
	must(!strcmp(pcn_link_why(p.b), "had enough"));
	pcn_link_close(p.b, NULL, 0);
	must(wait(NULL) > 0);
}

/* A link belongs to whoever has it after fork(), as with sockets. */
static void test_fork(void)
{
	struct pair p = make_pair(client, server);
	struct pcn_frame f;
	pid_t pid;

	pcn_link_send(p.a, 7, NULL, 0);
	must(receive(p.b, p.a, &f) == 1 && f.type == 7);
	pid = fork();
	if (!pid) {
		must(receive(p.b, NULL, &f) == 1 && f.type == 9);
		pcn_link_send(p.b, 10, NULL, 0);
		pcn_link_close(p.b, NULL, 1000);
		_exit(0);
	}
	pcn_link_free(p.b);
	pcn_link_send(p.a, 9, NULL, 0);
	must(receive(p.a, NULL, &f) == 1 && f.type == 10);
	must(receive(p.a, NULL, &f) < 0);
	pcn_link_close(p.a, NULL, 0);
	must(waitpid(pid, NULL, 0) == pid);
	/* A carrier is nobody's child. */
	must(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void test_ends(void)
{
	struct pair p = make_pair(client, server);
	struct pcn_frame f;

	pcn_link_send(p.a, 7, NULL, 0);
	must(receive(p.b, p.a, &f) == 1);
	pcn_link_free(p.a);
	must(receive(p.b, NULL, &f) < 0);
	pcn_link_free(p.b);
	p = make_pair(client, server);
	pcn_link_free(p.b);
	must(receive(p.a, NULL, &f) < 0);
	pcn_link_free(p.a);
	/* Who says nothing. */
	p = make_pair(NULL, NULL);
	pcn_link_expect(p.b, pcn_now_ns() + SECOND / 5);
	must(receive(p.b, NULL, &f) == -ETIMEDOUT);
	pcn_link_free(p.a);
	pcn_link_free(p.b);
	/* Another key. */
	p = make_pair(other, server);
	must(receive(p.b, p.a, &f) < 0 && !pcn_link_up(p.b));
	pcn_link_close(p.b, NULL, 0);
	must(receive(p.a, NULL, &f) < 0 && !pcn_link_up(p.a));
	pcn_link_close(p.a, NULL, 0);
}

static int plain_socket(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	if (port) {
		must(!connect(fd, (void *)&a, sizeof(a)));
	} else {
		must(!bind(fd, (void *)&a, sizeof(a)) && !listen(fd, 5));
	}
	return fd;
}

static int port_of(const struct pcn_address *a)
{
	return ntohs(((const struct sockaddr_in *)&a->address)->sin_port);
}

/* Who comes to the provider's port and speaks something else, or nothing. */
static void test_strangers(void)
{
	static const char garbage[4096] = "GET / HTTP/1.1\r\n\r\n";
	int fds[MANY];
	struct pair p;
	struct pcn_frame f;

	for (int i = 0; i < MANY; i++) {
		fds[i] = plain_socket(port_of(&there));
		if (i % 2)
			must(send(fds[i], garbage, (size_t)i * 100,
				  MSG_NOSIGNAL) > 0);
	}
	p = make_pair(client, server);
	pcn_link_send(p.a, 7, NULL, 0);
	must(receive(p.b, p.a, &f) == 1 && f.type == 7);
	pcn_link_close(p.a, NULL, 0);
	pcn_link_close(p.b, NULL, 0);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

static void test_nobody(void)
{
	struct sockaddr_in name = {0};
	socklen_t size = sizeof(name);
	struct pcn_address a;
	struct error error = {""};
	struct pcn_link *l;
	struct pcn_frame f;
	char text[64];
	int fd;

	/* A port where something else is, which says nothing. */
	fd = plain_socket(0);
	must(!getsockname(fd, (void *)&name, &size));
	snprintf(text, sizeof(text), "fabric:127.0.0.1:%d",
		 ntohs(name.sin_port));
	must(!pcn_address_parse(&a, text, &error));
	l = connect_to(&a, client);
	pcn_link_expect(l, pcn_now_ns() + SECOND / 5);
	must(receive(l, NULL, &f) == -ETIMEDOUT);
	pcn_link_close(l, NULL, 0);
	must(pcn_address_listen(&a, &error) < 0);
	must(strstr(error.text, text) && strstr(error.text, "in use"));
	/* And where nothing is. */
	close(fd);
	l = connect_to(&a, client);
	must(receive(l, NULL, &f) < 0);
	must(strstr(pcn_link_why(l), "refused"));
	pcn_link_close(l, NULL, 0);
	/* No such provider. */
	must(!pcn_address_parse(&a, "fabric+none:127.0.0.1:1", &error));
	l = connect_to(&a, client);
	must(receive(l, NULL, &f) < 0);
	must(strstr(pcn_link_why(l), "provider none"));
	pcn_link_close(l, NULL, 0);
	must(pcn_address_listen(&a, &error) < 0);
	must(strstr(error.text, "provider none"));
}

static void test_many(void)
{
	struct pair p[MANY];
	struct pcn_frame f;

	for (int i = 0; i < 2 * MANY; i++) {
		int at = i % MANY;

		if (i < MANY)
			p[at] = make_pair(client, server);
		pcn_link_send(p[at].a, (uint32_t)i, NULL, 0);
		must(receive(p[at].b, p[at].a, &f) == 1);
		must(f.type == (uint32_t)i);
	}
	for (int i = 0; i < MANY; i++) {
		pcn_link_free(i % 2 ? p[i].a : p[i].b);
		must(receive(i % 2 ? p[i].b : p[i].a, NULL, &f) < 0);
		pcn_link_free(i % 2 ? p[i].b : p[i].a);
	}
}

static void test_address(void)
{
	struct pcn_address a;
	struct error error;
	char text[64];

	must(!pcn_address_parse(&a, "fabric:127.0.0.1:80", &error));
	must(!strcmp(a.fabric, "tcp") && !strcmp(a.host, "127.0.0.1"));
	must(pcn_address_is_local(&a));
	pcn_address_format(&a, text, sizeof(text));
	must(!strcmp(text, "fabric:127.0.0.1:80"));
	must(!pcn_address_parse(&a, "fabric+verbs:[::1]", &error));
	pcn_address_format(&a, text, sizeof(text));
	must(!strcmp(text, "fabric+verbs:[::1]:7717"));
}

/* Without who listens nobody new comes; who has come stays. */
static void test_listener_ends(void)
{
	struct pair p = make_pair(client, server);
	uint64_t until = pcn_now_ns() + 10 * SECOND;
	struct pcn_frame f;
	struct pcn_link *l;
	bool refused = false;

	close(listener);
	while (!refused && pcn_now_ns() < until) {
		l = connect_to(&there, client);
		must(receive(l, NULL, &f) < 0);
		refused = strstr(pcn_link_why(l), "refused") != NULL;
		pcn_link_free(l);
	}
	must(refused);
	pcn_link_send(p.a, 7, NULL, 0);
	must(receive(p.b, p.a, &f) == 1 && f.type == 7);
	pcn_link_close(p.a, NULL, 0);
	pcn_link_close(p.b, NULL, 0);
}

int main(void)
{
	struct error error = {""};

	if (pcn_carrier_exists(&error)) {
		puts(error.text);
		return 77;
	}
	must(mkdtemp(folder));
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(other_key, sizeof(other_key), "%s/other", folder);
	must(!pcn_tls_make_key(key, &error));
	must(!pcn_tls_make_key(other_key, &error));
	client = tls(key, false);
	server = tls(key, true);
	other = tls(other_key, false);
	unlink(key);
	unlink(other_key);
	must(!rmdir(folder));

	must(!pcn_address_parse(&there, "fabric:127.0.0.1:0", &error));
	listener = pcn_address_listen(&there, &error);
	if (listener < 0)
		fprintf(stderr, "%s\n", error.text);
	must(listener >= 0 && port_of(&there));
	test_address();
	test_load(NULL, NULL);
	test_load(client, server);
	test_fork();
	test_ends();
	test_strangers();
	test_nobody();
	test_many();
	test_listener_ends();
	pcn_tls_free(client);
	pcn_tls_free(server);
	pcn_tls_free(other);
	puts("ok");
	return 0;
}
