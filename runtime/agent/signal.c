/*
 * Signals that concern the program.
 *
 * It is in popcorn-run's process group: what the terminal sends (^C, ^Z, a new
 * window size) it gets by itself.  Only what somebody sends to popcorn-run
 * alone is passed on.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = {SIGINT,	 SIGQUIT, SIGTERM,  SIGHUP,
				SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};

/* Errors serve us better.  The program gets them as we got them. */
static const int ignored[AGENT_IGNORED] = {SIGPIPE, SIGXFSZ};

void signals_for_program(const struct agent *a)
{
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sigaction(ignored[i], &a->old_actions[i], NULL);
}

int signals_start(struct agent *a)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sigaction(ignored[i], &ignore, &a->old_actions[i]);
	sigprocmask(SIG_BLOCK, &set, &a->old_mask);
	a->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a->signals < 0)
		return pcn_fail(&a->error, -errno, "signalfd: %s",
				strerror(errno));
	return 0;
}

/* It hears of no terminal. */
static bool is_away(const struct agent *a)
{
	return a->current && a->current->remote;
}

/* A program between two nodes has no process to signal: hold it until then. */
static void pass_on(struct agent *a, int signal)
{
	if (a->op.phase == PHASE_SAVING || !a->current)
		a->held_signals |= 1ull << signal;
	else
		process_signal(a, a->current, signal, NULL);
}

void signals_release_held(struct agent *a)
{
	uint64_t held = a->held_signals;

	a->held_signals = 0;
	for (int signal = 1; held && signal < 32; signal++)
		if (held >> signal & 1)
			pass_on(a, signal);
}

void signals_send_on(struct agent *a)
{
	const struct packet *packet = &a->packet;
	int64_t signal = packet->m.value[0];
	siginfo_t info;

	if (!a->current || signal < 1 || signal > SIGRTMAX ||
	    packet->m.text_size != sizeof(info))
		return;
	memcpy(&info, packet->text, sizeof(info));
	process_signal(a, a->current, (int)signal, &info);
}

void signals_read(struct agent *a)
{
	struct signalfd_siginfo info;

	while (read(a->signals, &info, sizeof(info)) == sizeof(info)) {
		int signal = (int)info.ssi_signo;
		bool sent = info.ssi_code <=
			    0; /* by a process, not by the terminal */

		if (signal == SIGCHLD)
			continue; /* only wakes the loop */
		if (sent || is_away(a))
			pass_on(a, signal);
		/* The program has ended; who reads its last words does not. */
		if (a->ended && signal != SIGWINCH && signal != SIGCONT)
			relay_end(&a->relay);
		if (signal == SIGTSTP)
			kill(getpid(), SIGSTOP);
		else if (signal == SIGCONT && !sent && a->current &&
			 !is_away(a))
			process_signal(a, a->current, SIGCONT, NULL);
	}
}

int signals_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
