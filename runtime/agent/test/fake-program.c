/*
 * A program that speaks the channel but has no run time: for tests of the
 * agent. Its whole state is a counter.  FAKE_DIE names the step at which a
 * target dies, FAKE_HANG the one at which it hangs.
 */
#define _GNU_SOURCE
#include "packet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((section(".note.popcorn"), used,
	       aligned(8))) static const struct pcn_note note = {
	8,
	sizeof(note) - 20,
	PCN_NOTE_TYPE,
	PCN_NOTE_NAME,
	PCN_ABI_VERSION,
	1,
	{1},
	0,
	0,
	0,
	{""}};

struct state {
	int counter, moves, failures, limit;
};

static struct packet packet;
static struct pcn_control *control;
static int channel, transfer;

static void wait_packet(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int err;

	do {
		poll(&p, 1, -1);
		err = packet_receive(fd, &packet);
	} while (err == -EAGAIN);
	if (err)
		_exit(3);
}

static void step(const char *name)
{
	const char *die = getenv("FAKE_DIE"), *hang = getenv("FAKE_HANG");

	if (die && !strcmp(die, name))
		_exit(9);
	while (hang && !strcmp(hang, name))
		pause();
}

static void say(enum pcn_message_type type, int64_t a, int64_t b, int64_t c)
{
	struct pcn_message m = {.type = type, .value = {a, b, c}};

	packet_send(channel, &m, NULL, NULL, 0);
}

static void move(struct state *s)
{
	struct pcn_message m = {.type = PCN_MSG_STATE};
	struct state next = *s;
	int fd, target, err;

	say(PCN_MSG_STOPPED, 1, 1, 0);
	wait_packet(channel);
	if (packet.m.type != PCN_MSG_GO)
		return;
	target = packet.fds[0];
	next.moves++;
	fd = memfd_create("state", 0);
	err = write(fd, &next, sizeof(next)) == sizeof(next) ? 0 : -EIO;
	if (!err)
		err = packet_send(target, &m, NULL, &fd, 1);
	m.type = PCN_MSG_FDS;
	if (!err)
		err = packet_send(target, &m, NULL, (int[]){1}, 1);
	close(fd);
	close(target);
	say(PCN_MSG_SAVED, err, sizeof(next), 1);
	wait_packet(channel);
	if (packet.m.type == PCN_MSG_COMMIT)
		_exit(0);
	s->failures++;
}

static struct state arrive(void)
{
	struct state s;
	sigset_t none;

	step("start");
	say(PCN_MSG_READY, 0, 0, 0);
	step("ready");
	wait_packet(transfer);
	step("state");
	if (pread(packet.fds[0], &s, sizeof(s), 0) != sizeof(s))
		_exit(4);
	close(packet.fds[0]);
	wait_packet(transfer);
	dup2(packet.fds[0], 1);
	packet_drop(&packet);
	close(transfer);
	say(PCN_MSG_RESTORED, 0, 1, 0);
	step("restored");
	wait_packet(channel);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return s;
}

static void ignore(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct state s = {0, 0, 0, argc > 1 ? atoi(argv[1]) : 100};
	const char *number = getenv(PCN_CHANNEL_ENV);

	if (!number)
		return 2;
	signal(PCN_SIGNAL_INTERRUPT, ignore);
	channel = atoi(number);
	wait_packet(channel);
	control = mmap(NULL, PCN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       packet.fds[0], 0);
	control->listening = 1;
	close(packet.fds[0]);
	transfer = packet.fds[1];
	if (packet.m.value[0] == PCN_ROLE_RESTORE)
		s = arrive();
	while (s.counter < s.limit) {
		s.counter++;
		usleep(1000);
		if (__atomic_load_n(&control->request, __ATOMIC_SEQ_CST) ==
		    PCN_REQUEST_MOVE)
			move(&s);
	}
	printf("counter %d moves %d failures %d\n", s.counter, s.moves,
	       s.failures);
	return 7;
}
