/*
 * System calls on files, by threads at home and away, whose buffers are on
 * pages that another node has just written or read (buffers.h).
 *
 * CFLAGS: -pthread
 * MODES: native verify nodes spread spread-user
 * SPREAD: 2000
 */
#define _GNU_SOURCE
#include "buffers.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define LARGE (5l << 20)

static int file;

static void reads_and_writes(void)
{
	struct iovec *parts = AT(struct iovec, 5);

	text(0, "written from two pages");
	CHECK(CALL(pwrite(file, AT(char, 0), 22, 0)) == 22);
	CHECK(CALL(pread(file, AT(char, 1), 22, 0)) == 22);
	CHECK(!memcmp(AT(char, 1), "written from two pages", 22));
	CHECK(CALL(lseek(file, 0, SEEK_SET)) == 0);
	CHECK(CALL(read(file, AT(char, 2), 100)) == 22);
	CHECK(!memcmp(AT(char, 2), AT(char, 0), 23));
	text(3, "more, and more");
	CHECK(CALL(write(file, AT(char, 3), 14)) == 14);

	parts[0] = (struct iovec){AT(char, 0), 12};
	parts[1] = (struct iovec){AT(char, 3), 14};
	parts[2] = (struct iovec){"constant", 8};
	CHECK(CALL(pwritev(file, parts, 3, 100)) == 34);
	CHECK(CALL(lseek(file, 100, SEEK_SET)) == 100);
	CHECK(CALL(writev(file, parts, 3)) == 34);
	parts[0] = (struct iovec){AT(char, 6), 20};
	parts[1] = (struct iovec){AT(char, 7), 20};
	CHECK(CALL(preadv(file, parts, 2, 100)) == 34);
	CHECK(!memcmp(AT(char, 6), "written frommore, an", 20));
	CHECK(!memcmp(AT(char, 7), "d moreconstant", 15));
	CHECK(CALL(lseek(file, 100, SEEK_SET)) == 100);
	AT(char, 7)[0] = 0;
	CHECK(CALL(readv(file, parts, 2)) == 34);
	CHECK(!memcmp(AT(char, 7), "d moreconstant", 15));
	CHECK(SYSTEM(SYS_pwritev2, file, parts, 2, 200, 0, 0) == 40);
	CHECK(SYSTEM(SYS_preadv2, file, parts, 2, 200, 0, 0) == 40);
	CHECK(!memcmp(AT(char, 7), "d moreconstant", 15));
	CHECK(!CALL(ftruncate(file, 22)));

	/* Not the program's memory. */
	CHECK(CALL(pwrite(file, (void *)8, 5, 0)) == -1 && errno == EFAULT);
	CHECK(CALL(pread(file, (void *)-8l, 5, 0)) == -1 && errno == EFAULT);
	CHECK(CALL(read(99, AT(char, 0), 5)) == -1 && errno == EBADF);
}

/* More than goes to the kernel at once. */
static void large(void)
{
	unsigned char *out = malloc(LARGE), *in = malloc(LARGE);
	struct iovec parts[2] = {{in, LARGE / 2}, {in + LARGE / 2, LARGE / 2}};

	for (long i = 0; i < LARGE; i++)
		out[i] = (unsigned char)(i % 251);
	CHECK(pwrite(file, out, LARGE, 50) == LARGE);
	CHECK(pread(file, in, LARGE, 50) == LARGE);
	CHECK(!memcmp(in, out, LARGE));
	memset(in, 0, LARGE);
	CHECK(lseek(file, 50, SEEK_SET) == 50);
	CHECK(read(file, in, LARGE) == LARGE && !memcmp(in, out, LARGE));
	memset(in, 0, LARGE);
	CHECK(preadv(file, parts, 2, 50) == LARGE);
	CHECK(!memcmp(in, out, LARGE));
	CHECK(pwritev(file, parts, 2, 51) == LARGE);
	CHECK(pread(file, in, LARGE, 51) == LARGE && !memcmp(in, out, LARGE));
	CHECK(read(file, in, LARGE) == 1);
	CHECK(read(file, in, LARGE) == 0);
	CHECK(!ftruncate(file, 22));
	free(in);
	free(out);
}

static void between_files(void)
{
	off_t *from = AT(off_t, 0), *to = AT(off_t, 1);
	int other = open("other", O_CREAT | O_RDWR | O_TRUNC, 0600), pipes[2];

	CHECK(other >= 0 && !pipe(pipes));
	*from = 8;
	CHECK(CALL(sendfile(other, file, from, 4)) == 4 && *from == 12);
	*from = 8;
	*to = 10;
	CHECK(CALL(copy_file_range(file, from, other, to, 4, 0)) == 4);
	CHECK(*from == 12 && *to == 14);
	*from = 8;
	CHECK(CALL(splice(file, from, pipes[1], NULL, 4, 0)) == 4 &&
	      *from == 12);
	CHECK(CALL(read(pipes[0], AT(char, 3), 10)) == 4);
	CHECK(!memcmp(AT(char, 3), "from", 4));
	CHECK(CALL(pread(other, AT(char, 4), 20, 0)) == 14);
	CHECK(!memcmp(AT(char, 4), "from\0\0\0\0\0\0from", 14));
	close(other);
	close(pipes[0]);
	close(pipes[1]);
	CHECK(!CALL(unlink(text(2, "other"))));
}

static void names(void)
{
	char *a = text(0, "a name of a file that is long enough"),
	     *b = text(1, "another name of such a file, no less");
	struct timespec *times = AT(struct timespec, 2);
	int fd = CALL(open(a, O_CREAT | O_RDWR, 0600));

	CHECK(fd >= 0);
	close(fd);
	CHECK(!CALL(link(a, b)) && !CALL(access(b, R_OK)));
	CHECK(!CALL(unlink(b)) && !CALL(symlink(a, b)));
	CHECK(CALL(readlink(b, AT(char, 3), 100)) == (long)strlen(a));
	CHECK(!strcmp(AT(char, 3), a));
	CHECK(!CALL(rename(b, text(4, "renamed, a rather long name"))));
	CHECK(!CALL(
		syscall(SYS_renameat2, AT_FDCWD, AT(char, 4), AT_FDCWD, b, 0)));
	CHECK(!CALL(truncate(a, 77)));
	CHECK(!CALL(chmod(a, 0640)));
	CHECK(!CALL(lchown(a, getuid(), getgid())));
	times[0] = (struct timespec){1000, 2};
	times[1] = (struct timespec){3000, 4};
	CHECK(!SYSTEM(SYS_utimensat, AT_FDCWD, a, times, 0));
	CHECK(!CALL(stat(a, AT(struct stat, 5))));
	CHECK(AT(struct stat, 5)->st_size == 77);
	CHECK(AT(struct stat, 5)->st_mtim.tv_sec == 3000);
	CHECK((AT(struct stat, 5)->st_mode & 0777) == 0640);
	CHECK(!CALL(lstat(b, AT(struct stat, 5))));
	CHECK(S_ISLNK(AT(struct stat, 5)->st_mode));
	CHECK(!CALL(fstat(file, AT(struct stat, 5))));
	CHECK(AT(struct stat, 5)->st_size == 22);
	CHECK(!SYSTEM(SYS_statx, AT_FDCWD, a, 0, 0x200 /* STATX_SIZE */,
		      AT(char, 6)));
	CHECK(AT(uint64_t, 6)[5] == 77);
	CHECK(!CALL(statfs(a, AT(struct statfs, 7))));
	CHECK(AT(struct statfs, 7)->f_bsize > 0);
	CHECK(!CALL(fstatfs(file, AT(struct statfs, 8))));
	CHECK(!memcmp(&AT(struct statfs, 8)->f_fsid,
		      &AT(struct statfs, 7)->f_fsid, 8));
	CHECK(!CALL(unlink(a)) && !CALL(unlink(b)));
	CHECK(CALL(open(a, O_RDONLY)) == -1 && errno == ENOENT);
	CHECK(!CALL(mkfifo(a, 0600)) && !CALL(unlink(a)));
	memset(AT(char, 9), 'x', 5000);
	CHECK(CALL(access(AT(char, 9), R_OK)) == -1 && errno == ENAMETOOLONG);
}

static void folders(void)
{
	char *name = text(0, "a folder of the program's"), *before;
	struct dirent *entries;
	long n, found = 0;
	int fd;

	CHECK((before = CALL(getcwd(AT(char, 1), 3000))));
	CHECK(!CALL(mkdir(name, 0700)) && !CALL(chdir(name)));
	CHECK(CALL(getcwd(AT(char, 2), 4000)));
	CHECK(!strncmp(AT(char, 2), before, strlen(before)));
	CHECK(strstr(AT(char, 2), name));
	CHECK(!CALL(chdir(before)));
	fd = open(".", O_RDONLY | O_DIRECTORY);
	n = SYSTEM(SYS_getdents64, fd, AT(char, 4), 4000);
	CHECK(n > 0);
	for (long at = 0; at < n; at += entries->d_reclen) {
		entries = (void *)(AT(char, 4) + at);
		found += !strcmp(entries->d_name, name);
	}
	CHECK(found == 1);
	close(fd);
	fd = inotify_init1(IN_NONBLOCK);
	CHECK(CALL(inotify_add_watch(fd, name, IN_CREATE)) > 0);
	close(fd);
	CHECK(!CALL(rmdir(name)));
}

static void attributes(void)
{
	char *name = text(0, "user.of-this-test"), *value = text(1, "a value");
	char *path = text(2, "attributes");
	long n;

	CHECK((n = open(path, O_CREAT | O_RDWR, 0600)) >= 0);
	close((int)n);
	n = CALL(setxattr(path, name, value, 8, 0));
	CHECK(!n || errno == ENOTSUP);
	if (!n) {
		CHECK(CALL(getxattr(path, name, AT(char, 3), 100)) == 8);
		CHECK(!strcmp(AT(char, 3), value));
		CHECK(CALL(listxattr(path, AT(char, 4), 1000)) >= 18);
		CHECK(!CALL(removexattr(path, name)));
	} else {
		CHECK(CALL(getxattr(path, name, AT(char, 3), 100)) == -1);
		CHECK(errno == ENOTSUP || errno == ENODATA);
		CHECK(CALL(removexattr(path, name)) == -1);
		CHECK(errno == ENOTSUP || errno == ENODATA);
	}
	CHECK(CALL(fgetxattr(file, name, AT(char, 3), 100)) == -1);
	CHECK(errno == ENOTSUP || errno == ENODATA);
	CHECK(!CALL(unlink(path)));
}

static void commands(void)
{
	struct flock *lock = AT(struct flock, 0);
	int *fds = AT(int, 1), *number = AT(int, 2);

	*lock = (struct flock){.l_type = F_WRLCK, .l_len = 10};
	CHECK(!CALL(fcntl(file, F_SETLK, lock)));
	CHECK(!CALL(fcntl(file, F_SETLKW, lock)));
	CHECK(!CALL(fcntl(file, F_OFD_GETLK, lock)));
	CHECK(lock->l_pid == getpid() && lock->l_type == F_WRLCK);
	lock->l_type = F_UNLCK;
	CHECK(!CALL(fcntl(file, F_SETLK, lock)));
	lock->l_type = F_WRLCK;
	CHECK(!CALL(fcntl(file, F_GETLK, lock)) && lock->l_type == F_UNLCK);
	CHECK(!CALL(pipe(fds)) && !CALL(pipe2(AT(int, 3), O_CLOEXEC)));
	CHECK(CALL(write(fds[1], text(4, "in the pipe"), 11)) == 11);
	CHECK(!CALL(ioctl(fds[0], FIONREAD, number)) && *number == 11);
	*number = 1;
	CHECK(!CALL(ioctl(fds[0], FIONBIO, number)));
	CHECK(CALL(read(fds[0], AT(char, 5), 100)) == 11);
	CHECK(CALL(read(fds[0], AT(char, 5), 100)) == -1 && errno == EAGAIN);
	CHECK(!memcmp(AT(char, 5), "in the pipe", 11));
	close(fds[0]);
	close(fds[1]);
	close(AT(int, 3)[0]);
	close(AT(int, 3)[1]);
	fds[0] = CALL(memfd_create(text(6, "a file of memory"), 0));
	CHECK(fds[0] >= 0);
	close(fds[0]);
}

/* A terminal's, known and of the newer kind. */
static void terminal(void)
{
	struct winsize *size = AT(struct winsize, 0);
	int master = CALL(open(text(1, "/dev/ptmx"), O_RDWR | O_NOCTTY));
	int *number = AT(int, 2);

	CHECK(master >= 0);
	*number = 0;
	CHECK(!CALL(ioctl(master, TIOCSPTLCK, number)));
	CHECK(!CALL(ioctl(master, TIOCGPTN, number)));
	*size = (struct winsize){25, 81, 0, 0};
	CHECK(!CALL(ioctl(master, TIOCSWINSZ, size)));
	memset(size, 0, sizeof(*size));
	CHECK(!CALL(ioctl(master, TIOCGWINSZ, size)) && size->ws_col == 81);
	memset(AT(char, 3), 0, 60);
	CHECK(!SYSTEM(SYS_ioctl, master, TCGETS, AT(char, 3)));
	CHECK(!SYSTEM(SYS_ioctl, master, TCSETS, AT(char, 3)));
	CHECK(*AT(unsigned, 3));
	/* One that nobody here knows. */
	*number = 1;
	CHECK(!CALL(ioctl(master, 0x5422 + 0x1c /* TIOCGEXCL's like */,
			  number)) ||
	      errno == ENOTTY || errno == EINVAL);
	close(master);
}

static void waiting(void)
{
	struct pollfd *polled = AT(struct pollfd, 0);
	struct epoll_event *events = AT(struct epoll_event, 1);
	struct timespec *time = AT(struct timespec, 5);
	fd_set *set = AT(fd_set, 2);
	int fd = eventfd(1, 0), epoll = epoll_create1(0);

	polled[0] = (struct pollfd){fd, POLLIN, 77};
	polled[1] = (struct pollfd){fd, POLLOUT, 77};
	polled[2] = (struct pollfd){-1, POLLOUT, 77};
	CHECK(CALL(poll(polled, 3, 1000)) == 2);
	CHECK(polled[0].revents == POLLIN && polled[1].revents == POLLOUT);
	CHECK(!polled[2].revents);
	*time = (struct timespec){0, 1000000};
	CHECK(SYSTEM(SYS_ppoll, NULL, 0, time, NULL, 8) == 0);
	FD_ZERO(set);
	FD_SET(fd, set);
	FD_SET(epoll, set);
	*AT(struct timeval, 3) = (struct timeval){1, 0};
	CHECK(CALL(select(64, set, NULL, NULL, AT(struct timeval, 3))) == 1);
	CHECK(FD_ISSET(fd, set) && !FD_ISSET(epoll, set));
	*events = (struct epoll_event){EPOLLIN, {.u64 = 0x123456789a}};
	CHECK(!CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, events)));
	memset(events, 0, sizeof(*events));
	CHECK(CALL(epoll_wait(epoll, events, 5, 1000)) == 1);
	CHECK(events->data.u64 == 0x123456789a && events->events == EPOLLIN);
	CHECK(CALL(read(fd, AT(char, 4), 8)) == 8 && AT(char, 4)[0] == 1);
	CHECK(CALL(epoll_wait(epoll, events, 5, 1)) == 0);
	close(fd);
	close(epoll);
}

static void maps(void)
{
	unsigned char *map =
		CALL(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, file, 0));

	CHECK(map != MAP_FAILED && !memcmp(map, "written from", 12));
	CHECK(!munmap(map, 8192));
	CHECK(!CALL(mincore(area, 5 * PAGE, AT(unsigned char, 0))));
	CHECK(!CALL(mlock(area, 3 * PAGE)) || errno == EAGAIN);
	CHECK(!CALL(munlock(area, 3 * PAGE)));
	CHECK(!SYSTEM(SYS_mlock2, area, 3 * PAGE, 0) || errno == EAGAIN);
	CHECK(!CALL(munlock(area, 3 * PAGE)));
}

int main(void)
{
	file = open("data", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(file >= 0);
	RUN(reads_and_writes, large, between_files, names, folders, attributes,
	    commands, terminal, waiting, maps);
	unlink("data");
	return 0;
}
