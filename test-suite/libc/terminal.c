/*
 * Terminals: a pseudo-terminal's pair, its modes by lines and by characters,
 * echo, signals of its keys, window sizes, sessions and the foreground group.
 *
 * MODES: native verify self qemu move spread spread-user
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int primary, secondary;

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

/* What comes up to the size, in one piece or more. */
static void say(const char *what, int fd, ssize_t most)
{
	char text[100] = "";
	ssize_t size = 0, more;

	do {
		more = read(fd, text + size, most - size);
		spin();
		size += more > 0 ? more : 0;
	} while (more > 0 && size < most);
	printf("%s %zd", what, size);
	for (ssize_t i = 0; i < size; i++)
		printf(text[i] < ' ' ? " %02x" : " %c", text[i]);
	puts("");
}

static void pair(void)
{
	char name[64];

	primary = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(primary >= 0 && !grantpt(primary) && !unlockpt(primary));
	CHECK(!ptsname_r(primary, name, sizeof(name)));
	CHECK(!strncmp(name, "/dev/pts/", 9));
	secondary = open(name, O_RDWR | O_NOCTTY);
	CHECK(secondary >= 0 && isatty(secondary) && isatty(primary));
	CHECK(!strcmp(ttyname(secondary), name));
	CHECK(!isatty(open("/dev/null", O_RDWR)) && errno == ENOTTY);
}

static void modes(void)
{
	struct termios modes, got;

	CHECK(!tcgetattr(secondary, &modes));
	printf("modes %x %x %x %x %d %d\n", modes.c_iflag, modes.c_oflag,
	       modes.c_cflag, modes.c_lflag, modes.c_cc[VINTR],
	       modes.c_cc[VEOF]);
	CHECK(cfgetospeed(&modes) == B38400);
	CHECK(write(primary, "lime\177\177ne\n", 9) == 9);
	say("line", secondary, 5);
	say("echo", primary, 14);
	CHECK(write(secondary, "a\n", 2) == 2);
	say("output", primary, 3);

	modes.c_lflag &= ~(ICANON | ECHO);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	CHECK(!cfsetispeed(&modes, B9600) && !cfsetospeed(&modes, B9600));
	CHECK(!tcsetattr(secondary, TCSAFLUSH, &modes));
	spin();
	CHECK(!tcgetattr(secondary, &got) && cfgetispeed(&got) == B9600);
	CHECK(got.c_lflag == modes.c_lflag && got.c_cc[VMIN] == 1);
	CHECK(write(primary, "x", 1) == 1);
	say("character", secondary, 1);
	cfmakeraw(&modes);
	CHECK(!tcsetattr(secondary, TCSANOW, &modes));
	CHECK(write(secondary, "a\n", 2) == 2);
	say("raw", primary, 2);
	CHECK(write(primary, "gone", 4) == 4);
	CHECK(!tcflush(secondary, TCIFLUSH) && !tcdrain(secondary));
	modes.c_cc[VMIN] = 0;
	modes.c_cc[VTIME] = 1;
	CHECK(!tcsetattr(secondary, TCSANOW, &modes));
	say("timed", secondary, 9);
	modes.c_lflag |= ICANON | ECHO | ISIG;
	CHECK(!tcsetattr(secondary, TCSANOW, &modes));
}

static volatile sig_atomic_t resized, interrupted;

static void on_resize(int signal)
{
	resized++;
}

static void on_interrupt(int signal)
{
	interrupted++;
}

static void session(void)
{
	struct winsize size = {24, 80, 5, 6}, got;
	int status;
	pid_t child = fork();

	if (!child) {
		struct termios modes;

		signal(SIGWINCH, on_resize);
		signal(SIGINT, on_interrupt);
		CHECK(setsid() == getpid());
		CHECK(!ioctl(secondary, TIOCSCTTY, 0));
		CHECK(tcgetpgrp(secondary) == getpgrp());
		CHECK(tcgetsid(secondary) == getpid());
		CHECK(open("/dev/tty", O_RDWR) >= 0);
		CHECK(!ioctl(primary, TIOCSWINSZ, &size));
		while (!resized)
			spin();
		CHECK(!ioctl(secondary, TIOCGWINSZ, &got));
		CHECK(got.ws_row == 24 && got.ws_col == 80 &&
		      got.ws_ypixel == 6);
		CHECK(write(primary, "\3", 1) == 1);
		while (!interrupted)
			spin();
		_exit(5);
	}
	CHECK(waitpid(child, &status, 0) == child);
	printf("session %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void by_forkpty(void)
{
	struct winsize size = {10, 20};
	int fd, status;
	pid_t child = forkpty(&fd, NULL, NULL, &size);

	if (!child) {
		char line[20] = "";

		CHECK(fgets(line, sizeof(line), stdin));
		printf("got %s", line);
		fflush(stdout);
		_exit(isatty(1) ? 6 : 7);
	}
	CHECK(child > 0 && write(fd, "hello\n", 6) == 6);
	CHECK(waitpid(child, &status, 0) == child);
	printf("forkpty %d\n", WEXITSTATUS(status));
	say("child", fd, 18);
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 1000);
	pair();
	modes();
	session();
	by_forkpty();
	return 0;
}
