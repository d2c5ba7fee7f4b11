/*
 * A resumed frame goes on behind its call: nothing before it happens twice,
 * nothing behind it is left out.
 *
 * LEVELS: O0 O2
 */
#include "check.h"

static int events[4000], event_count;

static int event(int which)
{
	CHECK(event_count < 4000);
	events[event_count++] = which;
	for (volatile int i = 0; i < 2; i++)
		;
	return which;
}

static int sequence(int n)
{
	int array[4] = {0};
	int i = 0;

	array[i++] = event(n) + event(n + 1) * 2;
	array[i++] += event(array[0]) ? event(2) : event(3);
	array[i++] = event(4) && event(0) && event(5);
	array[i++] = (event(6), event(7)) || event(8);
	return array[0] + array[1] + array[2] + array[3] + i;
}

int main(void)
{
	uint64_t hash = 0;
	long sum = 0;

	for (int n = 1; n <= 300; n++)
		sum += sequence(n);
	for (int i = 0; i < event_count; i++)
		hash = mix(hash, (uint64_t)events[i]);
	printf("%ld %d %016llx\n", sum, event_count, (unsigned long long)hash);
	return 0;
}
