/* Makes copies of itself here and on the other node, and threads: each works,
 * or fails with an error that is said, and the program goes on. With an
 * argument: a copy on the other node alone. */
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument)
{
	return argument;
}

static void say(const char *what, int error)
{
	printf("%s: %s\n", what, error ? strerror(error) : "good");
}

static void wait_for(const char *what, pid_t child)
{
	int error = errno, status;

	if (!child)
		_exit(3);
	if (child < 0)
		say(what, error);
	else if (waitpid(child, &status, 0) != child)
		say(what, errno);
	else if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 3)
		printf("WRONG: %s ended with %d\n", what, WEXITSTATUS(status));
	else
		say(what, 0);
	fflush(stdout);
}

static void threads(void)
{
	pthread_t threads[4];
	int error = 0, count = 0;

	for (; count < 4 && !error; count++)
		error = pthread_create(&threads[count], NULL, nothing, NULL);
	for (int i = 0; i < count - !!error; i++)
		pthread_join(threads[i], NULL);
	say("threads", error);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc < 2) {
		threads();
		wait_for("fork", fork());
	}
	wait_for("popcorn_fork", popcorn_fork(1));
	return 0;
}
