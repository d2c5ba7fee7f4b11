/* Recurses without end: argv[1] says with what on the stack, argv[2] where. */
#include <pthread.h>
#include <string.h>

static volatile int one = 1;

static int calls(int n)
{
	return n < 0 ? 0 : calls(n + one) * 3 + n;
}

static int locals(int n)
{
	volatile char room[200];

	room[n % 200] = 1;
	return locals(n + one) + room[3];
}

static void *run(void *what)
{
	return (void *)(long)(strcmp(what, "calls") ? locals(0) : calls(0));
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return run(argv[1]) != 0;
	if (pthread_create(&thread, NULL, run, argv[1]))
		return 2;
	pthread_join(thread, NULL);
	return 0;
}
