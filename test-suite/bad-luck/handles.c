/*
 * handles spins|sleeps|reads GO STOP - its handler of SIGUSR1 says on which
 * node it begins and ends, and lasts until there is a file GO; "reads": until
 * somebody writes to the FIFO GO.  The program says which node it is on when
 * that is another one, and ends when there is a file STOP.
 */
#include <fcntl.h>
#include <popcorn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *what, *go;

static void say(const char *word, int node)
{
	char line[40];
	int size = snprintf(line, sizeof(line), "%s %d\n", word, node);

	if (write(1, line, (size_t)size) != size)
		_exit(2);
}

static void nap(void)
{
	static const struct timespec moment = {0, 5000000};

	nanosleep(&moment, NULL);
}

static void handler(int signal)
{
	char byte;
	int fd;

	(void)signal;
	say("begins", popcorn_node());
	if (!strcmp(what, "reads")) {
		fd = open(go, O_RDONLY);
		if (read(fd, &byte, 1) != 1 || byte != 'g')
			_exit(3);
		close(fd);
	} else {
		while (access(go, F_OK))
			if (!strcmp(what, "sleeps"))
				nap();
	}
	say("ends", popcorn_node());
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_RESTART};
	int node = popcorn_node();

	if (argc != 4)
		return 1;
	what = argv[1];
	go = argv[2];
	sigaction(SIGUSR1, &action, NULL);
	say("ready", node);
	while (access(argv[3], F_OK)) {
		nap();
		if (popcorn_node() == node)
			continue;
		node = popcorn_node();
		say("now", node);
	}
	say("good", node);
	return 7;
}
