/*
 * Handlers of pthread_atfork: before a fork in reverse order, behind it in
 * order, once for each fork, in whoever forks, while other threads are
 * elsewhere and fork, too; what they lock before and unlock behind is whole in
 * the child, which has one thread, and its own thread-local variables.  A child
 * cannot be saved.
 *
 * MODES: native verify self qemu qemu-self nodes move
 * MODES: spread spread-user spread-emulated links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 4

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned pair[2];
static atomic_int end;
static _Thread_local int own;
static _Thread_local char trail[8];
static _Thread_local int length;

static void step(char what)
{
	for (volatile int i = 0; i < 3; i++)
		;
	CHECK(length < 8);
	trail[length++] = what;
}

static void before_1(void)
{
	step('b');
	CHECK(!pthread_mutex_lock(&mutex));
}

static void before_2(void)
{
	step('a');
}

static void parent_1(void)
{
	CHECK(!pthread_mutex_unlock(&mutex));
	step('p');
}

static void parent_2(void)
{
	step('q');
}

static void child_1(void)
{
	CHECK(!pthread_mutex_unlock(&mutex));
	step('c');
}

static void child_2(void)
{
	step('d');
}

static void is_trail(const char *wanted)
{
	for (int i = 0; i < 4; i++)
		CHECK(trail[i] == wanted[i]);
	CHECK(length == 4);
	length = 0;
}

/* 0, or what is not right. */
static int look(int id)
{
	is_trail("abcd");
	if (own != id)
		return 1;
	if (pthread_mutex_trylock(&mutex))
		return 2;
	if (pair[0] != pair[1])
		return 3;
	return pthread_mutex_unlock(&mutex) ? 4 : 0;
}

/* Nobody leaves while another one forks. */
static void leave_in_time(int node)
{
	while (!getenv("POPCORN_SELF") &&
	       popcorn_migrate_thread(node % popcorn_nodes())) {
		CHECK(errno == EBUSY);
		rest(1);
	}
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument, sum = 0;

	own = id;
	for (int i = 0; i < FORKS; i++) {
		int status;
		pid_t pid;

		leave_in_time(id + i);
		pid = fork();
		CHECK(pid >= 0);
		if (!pid)
			_exit(50 + look(id));
		is_trail("abpq");
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	return (void *)(intptr_t)sum;
}

/* Always in the middle of something. */
static void *spoil(void *argument)
{
	while (!end) {
		if (!popcorn_node())
			leave_in_time(1);
		CHECK(!pthread_mutex_lock(&mutex));
		pair[0]++;
		for (volatile int i = 0; i < 20; i++)
			;
		pair[1]++;
		CHECK(!pthread_mutex_unlock(&mutex));
		rest(1);
	}
	return argument;
}

int main(void)
{
	pthread_t threads[3];
	void *sum;

	CHECK(!pthread_atfork(before_1, parent_1, child_1));
	CHECK(!pthread_atfork(before_2, NULL, NULL));
	CHECK(!pthread_atfork(NULL, parent_2, child_2));
	for (intptr_t i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, i < 2 ? work : spoil,
				      (void *)(i + 1)));
	for (int i = 0; i < 3; i++) {
		end = i == 2;
		CHECK(!pthread_join(threads[i], &sum));
		if (i < 2)
			printf("%d\n", (int)(intptr_t)sum);
	}
	CHECK(pair[0] == pair[1]);
	return 0;
}
