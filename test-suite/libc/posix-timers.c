/*
 * POSIX timers go on: once and again, by a signal, by a thread, or silently;
 * the program's numbers for them stay, and so do values, intervals, overruns.
 *
 * MODES: native verify self qemu qemu-self move save spread spread-user links
 * SELF: 20
 * HOP: 2-10
 */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000l

static volatile sig_atomic_t once, again, wrong;
static volatile sig_atomic_t deleted; /* what is on its way may still come */
static sem_t notified;
static volatile int notes;

static void on_once(int signal, siginfo_t *info, void *unused)
{
	(void)signal;
	(void)unused;
	once++;
	wrong += info->si_code != SI_TIMER || info->si_value.sival_int != 77;
}

static void on_again(int signal, siginfo_t *info, void *unused)
{
	timer_t timer = *(timer_t *)info->si_value.sival_ptr;
	int overrun;

	(void)signal;
	(void)unused;
	if (deleted)
		return;
	overrun = timer_getoverrun(timer);
	wrong += overrun < 0 || overrun != info->si_overrun;
	again += 1 + overrun;
}

static void on_thread(union sigval value)
{
	notes += value.sival_int == 5;
	sem_post(&notified);
}

static timer_t make(int notify, int signal, union sigval value)
{
	struct sigevent event = {.sigev_notify = notify,
				 .sigev_signo = signal,
				 .sigev_value = value};
	timer_t timer;

	if (notify == SIGEV_THREAD)
		event.sigev_notify_function = on_thread;
	CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	return timer;
}

static void set(timer_t timer, long first_ns, long interval_ns)
{
	struct itimerspec times = {{0, interval_ns}, {0, first_ns}};

	CHECK(!timer_settime(timer, 0, &times, NULL));
}

static void catch_it(int signal, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | SA_RESTART};

	CHECK(!sigaction(signal, &action, NULL));
}

int main(void)
{
	const struct timespec little = {0, MS / 2};
	timer_t silent, single, thread;
	static timer_t periodic;
	struct itimerspec left, before;

	catch_it(SIGRTMIN + 1, on_once);
	catch_it(SIGUSR1, on_again);
	CHECK(!sem_init(&notified, 0, 0));
	silent = make(SIGEV_NONE, 0, (union sigval){0});
	single = make(SIGEV_SIGNAL, SIGRTMIN + 1,
		      (union sigval){.sival_int = 77});
	periodic = make(SIGEV_SIGNAL, SIGUSR1,
			(union sigval){.sival_ptr = &periodic});
	thread = make(SIGEV_THREAD, 0, (union sigval){.sival_int = 5});

	CHECK(!timer_settime(silent, 0, &(struct itimerspec){{0, 0}, {3000, 0}},
			     NULL));
	set(periodic, 5 * MS, 5 * MS);
	before.it_value.tv_sec = 3001;
	for (int i = 0; i < 100; i++) {
		set(single, MS / 5 + i * (MS / 50), 0);
		while (once == i)
			nanosleep(&little, NULL);
		CHECK(once == i + 1);
		set(thread, MS / 5 + i * (MS / 50), 0);
		while (sem_wait(&notified))
			CHECK(errno == EINTR);
		CHECK(!timer_gettime(silent, &left));
		CHECK(left.it_value.tv_sec > 2000 &&
		      left.it_value.tv_sec <= before.it_value.tv_sec);
		before = left;
		CHECK(!timer_gettime(periodic, &left));
		CHECK(left.it_interval.tv_nsec == 5 * MS);
		CHECK(!timer_gettime(single, &left));
		CHECK(!left.it_value.tv_sec && !left.it_value.tv_nsec);
	}
	while (again < 50)
		nanosleep(&little, NULL);
	deleted = 1;
	CHECK(!timer_delete(periodic));
	CHECK(timer_gettime(periodic, &left) == -1 && errno == EINVAL);
	CHECK(!timer_delete(silent));
	CHECK(!timer_delete(thread));
	printf("%d once, %d threads, %d wrong\n", once, notes, wrong);
	return 0;
}
