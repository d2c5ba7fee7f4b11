/*
 * away FILE: two threads leave, one for each of the other nodes, and count;
 * "ready", pid and tids when they have begun; the end, with what they counted,
 * when the file is there.  Exit status 7.
 *
 * With "exec" it becomes a shell, whose status is 5; with "fault" a thread that
 * is away writes where nothing is.
 */
#define _GNU_SOURCE
#include <popcorn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile long counts[3];
static volatile int tids[3];
static volatile int stop;

static void *count(void *argument)
{
	long node = (long)argument;

	tids[node] = gettid();
	if (popcorn_migrate_thread((int)node))
		perror("popcorn_migrate_thread");
	while (!stop)
		counts[node]++;
	if (stop == 2 && node == 2)
		*(volatile int *)0 = 1;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[3];

	for (long i = 1; i < popcorn_nodes(); i++)
		pthread_create(&threads[i], NULL, count, (void *)i);
	for (long i = 1; i < popcorn_nodes(); i++)
		while (counts[i] < 1000)
			usleep(1000);
	printf("ready %d %d %d\n", (int)getpid(), tids[1], tids[2]);
	fflush(stdout);
	while (access(argv[1], F_OK))
		usleep(1000);
	if (argc > 2 && !strcmp(argv[2], "exec"))
		execl("/bin/sh", "sh", "-c", "echo executed; exit 5",
		      (char *)NULL);
	stop = argc > 2 ? 2 : 1;
	for (long i = 1; i < popcorn_nodes(); i++)
		pthread_join(threads[i], NULL);
	puts("counted");
	return 7;
}
