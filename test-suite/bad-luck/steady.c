/*
 * Works and checks its own work until the file argv[1] appears; then says
 * "good" and exits with 7.  Each round appends a byte to the file argv[2].
 * argv[3]: what it does besides.
 */
#include <errno.h>
#include <fcntl.h>
#include <popcorn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BIG (32ul << 20)

static volatile sig_atomic_t count[65];
static volatile int ending;
static unsigned char *big;

static void wrong(const char *what)
{
	printf("WRONG: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static unsigned deep(unsigned n)
{
	unsigned kept = n * 2654435761u, below = n ? deep(n - 1) : 0;

	return (below ^ kept) + n;
}

static unsigned expected(unsigned n)
{
	unsigned value = 0;

	for (unsigned i = 0; i <= n; i++)
		value = (value ^ i * 2654435761u) + i;
	return value;
}

static void work(void)
{
	static const struct timespec moment = {0, 200000};

	for (unsigned n = 1; n < 60; n++)
		if (deep(n) != expected(n))
			wrong("a value");
	nanosleep(&moment, NULL);
}

static void *thread(void *argument)
{
	(void)argument;
	while (!ending)
		work();
	return NULL;
}

/* Stops for a move only when it is interrupted. */
static void *blocked(void *argument)
{
	while (!ending)
		sleep(1000);
	return argument;
}

static void handle(int signal)
{
	count[signal]++;
	if (write(1, "!", 1) != 1)
		_exit(2);
}

/* Children that execute another program, that end, that are killed. */
static void make_children(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		execl("/bin/true", "true", (char *)NULL);
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		wrong("a child that executes");
	child = fork();
	if (!child)
		_exit(3);
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    WEXITSTATUS(status) != 3)
		wrong("a child that exits");
}

/* Copies on the other node, which is the source again when the program moves.
 */
static void make_copy(void)
{
	int status;
	pid_t child;

	do
		child = popcorn_fork(!popcorn_node());
	while (child < 0 && (errno == EBUSY || errno == EAGAIN));
	if (!child)
		_exit(3);
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    status != 3 << 8)
		wrong("a copy");
}

static void touch_big(unsigned round)
{
	size_t at = round * 4096ul % BIG;

	if (!big) {
		big = malloc(BIG);
		for (size_t i = 0; big && i < BIG; i++)
			big[i] = (unsigned char)(i * 31 >> 5);
	}
	if (!big || big[at] != (unsigned char)(at * 31 >> 5))
		wrong("memory");
}

static void use_up_descriptors(void)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	if (errno != EMFILE)
		wrong("descriptors");
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[3] : "";
	int beats = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0600);
	pthread_t threads[3], sleeper;
	struct sigaction action = {.sa_handler = handle,
				   .sa_flags = SA_RESTART};

	if (beats < 0)
		wrong(argv[2]);
	if (!strcmp(what, "handles")) {
		sigaction(SIGTERM, &action, NULL);
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGHUP, &action, NULL);
	}
	if (!strcmp(what, "threads"))
		for (int i = 0; i < 3; i++)
			if (pthread_create(&threads[i], NULL, thread, NULL))
				wrong("pthread_create");
	if (!strcmp(what, "threads"))
		if (pthread_create(&sleeper, NULL, blocked, NULL))
			wrong("pthread_create");
	if (!strcmp(what, "descriptors"))
		use_up_descriptors();
	for (unsigned round = 0; access(argv[1], F_OK); round++) {
		work();
		if (!strcmp(what, "children"))
			make_children();
		if (!strcmp(what, "copies"))
			make_copy();
		if (!strcmp(what, "big"))
			touch_big(round);
		if (write(beats, ".", 1) != 1)
			wrong("write");
	}
	ending = 1;
	if (!strcmp(what, "threads"))
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
	printf("good\n");
	if (!strcmp(what, "handles"))
		printf("TERM %d INT %d HUP %d\n", (int)count[SIGTERM],
		       (int)count[SIGINT], (int)count[SIGHUP]);
	return 7;
}
