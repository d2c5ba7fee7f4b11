/*
 * link-bench - round trips of 8 bytes against 8 and against a page, and bytes a
 * second, over TCP on loopback, plain and with TLS, sleeping and spinning; and
 * over libfabric's tcp.
 */
#define _GNU_SOURCE
#include "address.h"
#include "carrier.h"
#include "link.h"
#include "tls.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000
#define CHUNK  (256u << 10)
#define CHUNKS 1024

static char folder[] = "/tmp/popcorn-link-XXXXXX";
static char key[64];
static struct pcn_address address;
static uint8_t chunk[CHUNK];

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "link-bench: %s\n", what);
	exit(1);
}

static struct pcn_link *make(int fd, bool secure, bool server)
{
	struct pcn_transport *t;
	struct pcn_tls_files files = {.key = key};
	struct error error = {""};
	struct pcn_tls *tls = NULL;

	if (secure)
		tls = pcn_tls_new(&files, server, &error);
	need(!secure || tls, error.text);
	t = tls ? pcn_transport_tls(fd, tls, "127.0.0.1")
		: pcn_transport_socket(fd);
	if (t)
		t->carried = address.fabric[0] && !server;
	return pcn_link_new(t, 5000000000u);
}

static int next(struct pcn_link *l, struct pcn_frame *f, bool spin)
{
	int n;

	while (!(n = pcn_link_receive(l, f))) {
		struct pollfd p = {pcn_link_fd(l), pcn_link_events(l, true), 0};

		if (!spin)
			poll(&p, 1, 100);
	}
	return n;
}

/* Answers 8 bytes with as many as they say; swallows the rest. */
static void serve(int listener, bool secure, bool spin)
{
	struct pollfd p = {listener, POLLIN, 0};
	struct pcn_address from;
	struct pcn_frame f;
	struct pcn_link *l;
	int fd;

	poll(&p, 1, 5000);
	fd = pcn_address_accept(&address, listener, &from);
	l = make(fd, secure, true);
	pcn_link_allow(l, CHUNK, 4 * CHUNK);
	while (next(l, &f, spin) == 1) {
		uint64_t want = 0;
		struct iovec part = {chunk, 0};

		if (f.size == sizeof(want))
			memcpy(&want, f.data, sizeof(want));
		part.iov_len = want;
		if (f.size == sizeof(want))
			pcn_link_send(l, 1, &part, 1);
	}
	_exit(0);
}

static void round_trips(struct pcn_link *l, uint64_t want, bool spin)
{
	struct iovec part = {&want, sizeof(want)};
	struct pcn_frame f;
	double start = 0;

	for (int i = -1000; i < ROUNDS; i++) {
		if (!i)
			start = now_us();
		need(!pcn_link_send(l, 1, &part, 1), "send");
		need(next(l, &f, spin) == 1 && f.size == want, pcn_link_why(l));
	}
	printf("%8.2f", (now_us() - start) / ROUNDS);
}

static void throughput(struct pcn_link *l, bool spin)
{
	struct iovec part = {chunk, CHUNK};
	struct pcn_frame f;
	double start = now_us();
	uint64_t want = 8;

	for (int i = 0; i < CHUNKS;) {
		struct pollfd p = {pcn_link_fd(l), POLLOUT, 0};

		if (!pcn_link_send(l, 2, &part, 1)) {
			i++;
			continue;
		}
		poll(&p, 1, 100);
		pcn_link_flush(l);
	}
	part = (struct iovec){&want, sizeof(want)};
	while (pcn_link_send(l, 1, &part, 1))
		pcn_link_flush(l);
	need(next(l, &f, spin) == 1, pcn_link_why(l));
	printf("%8.0f\n", (double)CHUNK * CHUNKS / (now_us() - start));
}

static void measure(const char *where, bool secure, bool spin)
{
	struct error error = {""};
	struct pcn_link *l;
	int listener, fd;
	pid_t child;

	need(!pcn_address_parse(&address, where, &error), error.text);
	listener = pcn_address_listen(&address, &error);
	need(listener >= 0, error.text);
	child = fork();
	if (!child)
		serve(listener, secure, spin);
	fd = pcn_address_connect(&address, &error);
	need(fd >= 0, error.text);
	l = make(fd, secure, false);
	pcn_link_allow(l, CHUNK, 4 * CHUNK);
	printf("%-6s %-6s %-6s", address.fabric[0] ? "fabric" : "tcp",
	       secure ? "TLS" : "plain", spin ? "spin" : "sleep");
	round_trips(l, 8, spin);
	round_trips(l, 4096, spin);
	throughput(l, spin);
	fflush(stdout);
	pcn_link_close(l, NULL, 0);
	close(listener);
	waitpid(child, NULL, 0);
}

int main(void)
{
	struct error error = {""};

	need(mkdtemp(folder) != NULL, "mkdtemp");
	snprintf(key, sizeof(key), "%s/key", folder);
	need(!pcn_tls_make_key(key, &error), error.text);
	printf("%-20s%8s%8s%8s\n", "", "8 B us", "4 KiB us", "MB/s");
	fflush(stdout);
	for (int i = 0; i < 4; i++)
		measure("127.0.0.1:0", i & 2, i & 1);
	for (int i = 0; i < 4 && !pcn_carrier_exists(&error); i++)
		measure("fabric:127.0.0.1:0", i & 2, i & 1);
	unlink(key);
	rmdir(folder);
	return 0;
}
