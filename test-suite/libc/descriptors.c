/*
 * What a descriptor can be beside a file: counters, timers, signals, watches,
 * memory; vectors of buffers, copies between descriptors, locks, times and
 * attributes of files, limits and clocks.  A watch cannot be saved or moved.
 *
 * MODES: native verify self qemu move spread spread-user links
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

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

static void vectors(void)
{
	char a[4] = "", b[8] = "", c[16] = "";
	struct iovec out[3] = {{"one", 3}, {"", 0}, {"twothree", 8}},
		     in[3] = {{a, 3}, {b, 3}, {c, 15}};
	int fd = memfd_create("memory", MFD_CLOEXEC), other;
	off_t at = 3;

	CHECK(writev(fd, out, 3) == 11);
	spin();
	CHECK(preadv(fd, in, 3, 0) == 11);
	printf("iov %s %s %s\n", a, b, c);
	CHECK(pwritev(fd, out, 1, 20) == 3 && lseek(fd, 0, SEEK_END) == 23);
	other = open("copy", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(sendfile(other, fd, &at, 8) == 8 && at == 11);
	memset(c, 0, sizeof(c));
	CHECK(pread(other, c, 15, 0) == 8);
	printf("sendfile %s\n", c);
	at = 0;
	CHECK(copy_file_range(other, &at, fd, &(off_t){30}, 4, 0) == 4 ||
	      errno == EXDEV || errno == ENOSYS);
	CHECK(!ftruncate(fd, 100) && !posix_fallocate(fd, 0, 5000));
	CHECK(lseek(fd, 0, SEEK_END) == 5000);
	close(fd);
	close(other);
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

static void attributes(void)
{
	struct utimbuf times = {1000, 2000};
	struct timespec fine[2] = {{5, 500}, {6, 600}};
	struct statvfs system;
	struct stat status;

	CHECK(!utime("copy", &times) && !stat("copy", &status));
	printf("utime %ld %ld\n", (long)status.st_atime, (long)status.st_mtime);
	CHECK(!utimensat(AT_FDCWD, "copy", fine, 0) && !stat("copy", &status));
	printf("utimensat %ld.%ld %ld.%ld\n", (long)status.st_atim.tv_sec,
	       status.st_atim.tv_nsec, (long)status.st_mtim.tv_sec,
	       status.st_mtim.tv_nsec);
	fine[0].tv_nsec = UTIME_OMIT;
	fine[1].tv_sec = 9;
	CHECK(!utimensat(AT_FDCWD, "copy", fine, 0) && !stat("copy", &status));
	printf("omit %ld %ld\n", (long)status.st_atime, (long)status.st_mtime);
	CHECK(!statvfs(".", &system));
	CHECK(system.f_bsize && system.f_namemax >= 255 &&
	      system.f_blocks >= system.f_bfree);
	CHECK(!chmod("copy", 0640) && !stat("copy", &status));
	CHECK(!link("copy", "link") && !symlink("copy", "symbolic"));
	printf("mode %o %d\n", status.st_mode,
	       faccessat(AT_FDCWD, "copy", R_OK, 0));
	CHECK(!lstat("symbolic", &status) && S_ISLNK(status.st_mode));
	CHECK(!mkfifo("fifo", 0600) && !stat("fifo", &status));
	CHECK(S_ISFIFO(status.st_mode));
	CHECK(!stat("link", &status) && status.st_nlink == 2);
	unlink("link");
	unlink("symbolic");
	unlink("fifo");
	unlink("copy");
}

static void limits(void)
{
	struct rlimit limit = {50, 60}, got;
	struct rusage usage;
	struct tms tms;
	unsigned char random[64] = "";
	int sum = 0, available;
	int ends[2];

	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
	spin();
	CHECK(!getrlimit(RLIMIT_NOFILE, &got));
	printf("limits %d %d %ld\n", (int)got.rlim_cur, (int)got.rlim_max,
	       sysconf(_SC_OPEN_MAX));
	CHECK(open("/dev/null", 0) < 50 && dup2(0, 55) == -1 && errno == EBADF);
	CHECK(!getrusage(RUSAGE_SELF, &usage) && usage.ru_maxrss > 0);
	CHECK(times(&tms) != -1 && sysconf(_SC_CLK_TCK) == 100);
	CHECK(getrandom(random, 64, 0) == 64 && !getentropy(random, 32));
	for (int i = 0; i < 64; i++)
		sum |= random[i];
	CHECK(sum);
	CHECK(!pipe2(ends, O_NONBLOCK) && write(ends[1], "12345", 5) == 5);
	CHECK(!ioctl(ends[0], FIONREAD, &available));
	printf("ioctl %d\n", available);
	printf("pathconf %ld %ld\n", fpathconf(ends[0], _PC_PIPE_BUF),
	       pathconf(".", _PC_NAME_MAX));
	printf("sysconf %ld %ld %ld %d\n", sysconf(_SC_PAGESIZE),
	       sysconf(_SC_VERSION), sysconf(_SC_THREADS),
	       sysconf(_SC_NPROCESSORS_ONLN) > 0);
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
	vectors();
	locks();
	attributes();
	selects();
	limits();
	return 0;
}
