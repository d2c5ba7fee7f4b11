/*
 * exits HOW NODE MICROSECONDS: ends after that time, by the call HOW of a
 * thread that is on that node, or of main ("main"); other threads, some of them
 * away, wait for a condition, a mutex, a pipe, time, write to the same pages,
 * hop from node to node, come and go.  Exit status 9; "ready", then "end 1"
 * from an exit handler, once.
 */
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONDITION,
	MUTEX,
	PIPE,
	TIME,
	WRITE_1,
	WRITE_2,
	HOP,
	COME_AND_GO,
	KINDS
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, for_condition;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t ready;
static int pipe_ends[2];
static volatile long pages[16][512];
static atomic_int ends;
static const char *how;
static useconds_t delay;

static void leave(int node)
{
	while (popcorn_migrate_thread(node % popcorn_nodes()))
		if (errno != EBUSY)
			perror("popcorn_migrate_thread");
}

static void handler(void)
{
	/* Some of it elsewhere. */
	leave(popcorn_node() + 1);
	printf("end %d\n", atomic_fetch_add(&ends, 1) + 1);
}

static void *come(void *argument)
{
	return argument;
}

static void stay_in(int kind)
{
	pthread_t thread;
	char byte;

	switch (kind) {
	case CONDITION:
		pthread_mutex_lock(&for_condition);
		pthread_cond_wait(&condition, &for_condition);
		break;
	case MUTEX:
		pthread_mutex_lock(&mutex);
		break;
	case PIPE:
		(void)!read(pipe_ends[0], &byte, 1);
		break;
	case TIME:
		sleep(1000);
		break;
	case HOP:
		for (int i = 0;; i++)
			leave(i);
	case COME_AND_GO:
		for (;;) {
			pthread_create(&thread, NULL, come, NULL);
			pthread_join(thread, NULL);
		}
	default:
		for (long i = 0;; i++)
			pages[i % 16][kind]++;
	}
}

static void *stay(void *argument)
{
	int kind = (int)(long)argument;

	leave(kind);
	sem_post(&ready);
	stay_in(kind);
	printf("not in %d any more\n", kind);
	_exit(1);
}

static void end(void)
{
	usleep(delay);
	if (!strcmp(how, "exit"))
		exit(9);
	if (!strcmp(how, "quick_exit"))
		quick_exit(9);
	if (!strcmp(how, "_exit"))
		_exit(9);
	if (!strcmp(how, "abort"))
		abort();
}

static void *end_there(void *node)
{
	leave(*(int *)node);
	end();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int node;

	if (argc < 4 || pipe(pipe_ends))
		return 1;
	how = argv[1];
	node = atoi(argv[2]);
	delay = (useconds_t)atoi(argv[3]);
	atexit(handler);
	at_quick_exit(handler);
	sem_init(&ready, 0, 0);
	pthread_mutex_lock(&mutex);
	for (long kind = 0; kind < KINDS; kind++)
		pthread_create(&thread, NULL, stay, (void *)kind);
	for (int kind = 0; kind < KINDS; kind++)
		while (sem_wait(&ready))
			;
	puts("ready");
	fflush(stdout);
	if (!strcmp(argv[2], "main"))
		end();
	else
		pthread_create(&thread, NULL, end_there, &node);
	if (!strcmp(how, "return")) {
		usleep(delay);
		return 9;
	}
	for (;;)
		pause();
}
