/*
 * A signal that the program sends itself comes from the pid that it knows
 * itself by, to a handler, to who waits for it, and after waiting over a move.
 *
 * MODES: native verify self qemu qemu-self move save spread spread-user
 * SPREAD: 20000
 */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t handled, own;

static void spin(void)
{
	for (volatile int i = 0; i < 30000; i++)
		;
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	handled++;
	own += info->si_pid == getpid() && info->si_uid == getuid();
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO};
	sigset_t set;
	siginfo_t info;
	int waited = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK(!sigaction(SIGUSR1, &action, NULL));
	for (int i = 0; i < 100; i++) {
		CHECK(!kill(getpid(), SIGUSR1));
		CHECK(!raise(SIGUSR1));
		CHECK(!pthread_kill(pthread_self(), SIGUSR1));
		CHECK(!kill(getpid(), SIGUSR2));
		spin();
		CHECK(sigwaitinfo(&set, &info) == SIGUSR2);
		waited += info.si_pid == getpid() && info.si_code == SI_USER;
		spin();
	}
	printf("%d %d %d\n", handled, own, waited);
	return 0;
}
