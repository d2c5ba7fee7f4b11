/*
 * What a descriptor can be beside a file: counters, timers, signals, watches,
 * memory; vectors of buffers, copies between descriptors, locks, times and
 * attributes of files, limits and clocks.  A watch cannot be saved or moved.
 *
 * MODES: native verify self qemu move spread spread-user links
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "files.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

static void counters(void)
{
	uint64_t value = 0;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC), semaphore;

	CHECK(!eventfd_write(fd, 4));
	spin();
	CHECK(!eventfd_read(fd, &value));
	printf("eventfd %d %d %d\n", (int)value, eventfd_read(fd, &value),
	       errno == EAGAIN);
	CHECK(write(fd, &(uint64_t){-1}, 8) == -1 && errno == EINVAL);
	semaphore = eventfd(2, EFD_SEMAPHORE);
	for (int i = 0; i < 2; i++)
		CHECK(!eventfd_read(semaphore, &value) && value == 1);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && !fcntl(semaphore, F_GETFD));
	close(fd);
	close(semaphore);
}

static void timers(void)
{
	struct itimerspec set = {{0, 20000000}, {0, 1000000}}, got;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t times = 0;

	CHECK(!timerfd_settime(fd, 0, &set, NULL));
	spin();
	CHECK(read(fd, &times, 8) == 8 && times >= 1);
	CHECK(!timerfd_gettime(fd, &got));
	printf("timerfd %ld %d\n", got.it_interval.tv_nsec,
	       got.it_value.tv_nsec <= 20000000);
	CHECK(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 10000) == 1);
	memset(&set, 0, sizeof(set));
	CHECK(!timerfd_settime(fd, 0, &set, &got));
	printf("was %ld\n", got.it_interval.tv_nsec);
	close(fd);
}

static void signals(void)
{
	struct signalfd_siginfo info[2];
	sigset_t set;
	int fd, epoll = epoll_create1(0);
	struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789abcdefull}};

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	printf("signalfd %zd %d", read(fd, info, sizeof(info)),
	       epoll_wait(epoll, &event, 1, 0));
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGUSR2, (union sigval){77});
	spin();
	CHECK(epoll_wait(epoll, &event, 1, 1000) == 1);
	CHECK(event.data.u64 == 0x123456789abcdefull);
	CHECK(read(fd, info, sizeof(info)) == sizeof(info));
	printf(" %d %d %d\n", info[0].ssi_signo, info[1].ssi_signo,
	       info[1].ssi_int);
	close(fd);
	close(epoll);
}

static void watches(void)
{
	char buffer[4096]
		__attribute__((aligned(_Alignof(struct inotify_event))));
	int fd = inotify_init1(IN_NONBLOCK), file;
	ssize_t size;

	if (fd < 0 || inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE) < 0)
		CHECK(errno == ENOSYS || errno == EMFILE);
	file = open("watched", O_CREAT | O_WRONLY, 0600);
	close(file);
	spin();
	unlink("watched");
	size = read(fd, buffer, sizeof(buffer));
	for (char *at = buffer; at < buffer + size;) {
		struct inotify_event *event = (void *)at;

		printf("watch %x %s\n", event->mask, event->name);
		at += sizeof(*event) + event->len;
	}
	close(fd);
}

static void memory(void)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	vectors(fd);
	close(fd);
}

static void locks(void)
{
	int fd = open("copy", O_RDWR), status;
	struct flock lock = {F_WRLCK, SEEK_SET, 2, 3};

	CHECK(!fcntl(fd, F_SETLK, &lock));
	if (!fork()) {
		struct flock asked = {F_RDLCK, SEEK_SET, 0, 10};

		CHECK(fcntl(fd, F_SETLK, &asked) == -1 &&
		      (errno == EAGAIN || errno == EACCES));
		CHECK(!fcntl(fd, F_GETLK, &asked));
		CHECK(asked.l_pid == getppid() && asked.l_type == F_WRLCK);
		CHECK(asked.l_start == 2 && asked.l_len == 3);
		_exit(7);
	}
	wait(&status);
	printf("lock %d\n", WEXITSTATUS(status));
	CHECK(!lockf(fd, F_ULOCK, 0) && !lockf(fd, F_TLOCK, 1));
	CHECK(!flock(fd, LOCK_EX) && !flock(fd, LOCK_UN));
	close(fd);
}

static void pipes(void)
{
	int ends[2], available;

	CHECK(!pipe2(ends, O_NONBLOCK) && write(ends[1], "12345", 5) == 5);
	CHECK(!ioctl(ends[0], FIONREAD, &available));
	printf("ioctl %d\n", available);
	printf("pathconf %ld %ld\n", fpathconf(ends[0], _PC_PIPE_BUF),
	       pathconf(".", _PC_NAME_MAX));
}

static void selects(void)
{
	struct timespec none = {0, 0};
	int ends[2];
	fd_set in, out;

	CHECK(!pipe(ends));
	for (int i = 0; i < 2; i++) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		FD_SET(ends[0], &in);
		FD_SET(ends[1], &out);
		printf("select %d",
		       pselect(ends[1] + 1, &in, &out, NULL, &none, NULL));
		printf(" %d %d\n", !!FD_ISSET(ends[0], &in),
		       !!FD_ISSET(ends[1], &out));
		CHECK(write(ends[1], "x", 1) == 1);
		spin();
	}
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	counters();
	timers();
	signals();
	watches();
	memory();
	locks();
	attributes();
	selects();
	limits();
	pipes();
	return 0;
}
