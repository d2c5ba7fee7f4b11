/*
 * A timer that starts a thread can be read, set and named by others at any
 * moment, also while its thread goes from one expiry to the next.
 *
 * MODES: native verify self qemu qemu-self move spread links
 * SELF: 20
 * HOP: 2-10
 */
#include "check.h"
#include <signal.h>
#include <time.h>

#define MS 1000000l

static _Thread_local int fresh = 7;
static _Thread_local char much[1 << 16]; /* all made new for each expiry */
static volatile int notes, stale;

static void on_expiry(union sigval value)
{
	stale += fresh != 7 || much[notes] || value.sival_int != 5;
	fresh = much[notes + 1] = 8;
	notes++;
}

int main(void)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	struct sigevent thread = {.sigev_notify = SIGEV_THREAD,
				  .sigev_notify_function = on_expiry,
				  .sigev_value = {.sival_int = 5}};
	const struct itimerspec hours = {{0, 0}, {9000, 0}};
	const struct itimerspec often = {{0, MS / 5}, {0, MS / 5}};
	struct itimerspec now;
	timer_t first, timer;
	long wrong = 0;

	CHECK(!timer_create(CLOCK_MONOTONIC, &none, &first));
	CHECK(!timer_settime(first, 0, &hours, NULL));
	CHECK(!timer_create(CLOCK_MONOTONIC, &thread, &timer));
	CHECK(!timer_settime(timer, 0, &often, NULL));
	for (int before = notes; notes < 2000; before = notes) {
		do {
			CHECK(!timer_gettime(timer, &now));
			wrong += now.it_interval.tv_nsec != MS / 5 ||
				 now.it_value.tv_sec;
		} while (notes == before);
	}
	CHECK(!timer_delete(timer));
	CHECK(!timer_gettime(first, &now) && now.it_value.tv_sec > 8000);
	printf("%ld wrong, %d stale\n", wrong, stale);
	return 0;
}
