"""Handlers of signals, raised or of timers: they count, call the program's
functions, raise more, and jump out of several frames.

What a handler does does not depend on when it runs: it counts up to a number,
and the program waits for that.
"""

from string import Template

COST = 40
PRELUDE = r"""
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks, ticks_wanted, handling;
static volatile long tick_sum;
static sigjmp_buf *volatile tick_jump;
static int (*volatile tick_again)(int);
static volatile int tick_calls;

static void on_tick(int number)
{
	sigjmp_buf *to = tick_jump;
	int error = errno;

	if (ticks >= ticks_wanted)
		return;
	handling++;
	ticks++;
	tick_sum = tick_sum * 31 + ticks * 7;
	for (int i = 0; i < ticks; i++)
		fuzz_poll_only();
	if (tick_calls) {
		/* Nothing that runs here may jump to where the handler came from. */
		jmp_buf *saved = jumper;
		sigjmp_buf *signals = signal_jump;
		int left = ticks, wanted = ticks_wanted;
		long sum = tick_sum;

		jumper = NULL;
		signal_jump = NULL;
		sum += any(left);
		jumper = saved;
		signal_jump = signals;
		ticks = left;
		ticks_wanted = wanted;
		tick_sum = sum;
	}
	if (tick_again && ticks < ticks_wanted)
		tick_again(number);
	handling--;
	errno = error;
	if (to && ticks >= ticks_wanted) {
		tick_jump = NULL;
		siglongjmp(*to, 1 + (number & 1));
	}
}
static void on_tick_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (ticks < ticks_wanted)
		tick_sum = tick_sum + (info->si_signo == number);
	on_tick(number);
}
static int queue_tick(int number)
{
	return sigqueue(getpid(), number, (union sigval){.sival_int = 5});
}
static int kill_tick(int number)
{
	return kill(getpid(), number);
}
"""

# How ticks are made, the signal, and what ends them.
SOURCES = {
    "raise": ("SIGRTMIN", "\twhile (ticks < ticks_wanted)\n\t\traise(SIGRTMIN);\n", ""),
    "kill": ("SIGUSR1 + 50", "\twhile (ticks < ticks_wanted)\n\t\tkill_tick(SIGUSR1 + 50);\n", ""),
    "queue": ("SIGRTMIN + 2", "\twhile (ticks < ticks_wanted)\n\t\tqueue_tick(SIGRTMIN + 2);\n", ""),
    "interval": ("SIGALRM", """	setitimer(ITIMER_REAL, &(struct itimerval){{0, $us}, {0, 300}}, NULL);
$wait""", "\tsetitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);\n"),
    "timer": ("SIGRTMIN + 3", """	timer_settime(timer, 0, &(struct itimerspec){{0, ${us}000}, {0, 200000}}, NULL);
$wait""", "\ttimer_delete(timer);\n"),
}
AGAIN = {"raise": "raise", "kill": "kill_tick", "queue": "queue_tick"}
WAITS = [
    "\twhile (ticks < ticks_wanted)\n\t\tfuzz_poll();\n",
    "\twhile (ticks < ticks_wanted)\n\t\tnanosleep(&(struct timespec){0, 300000}, NULL);\n",
    "\twhile (ticks < ticks_wanted)\n\t\tspun_$n += (unsigned)spin_$n(3);\n",
    """	{
		sigset_t set, old;

		sigemptyset(&set);
		sigaddset(&set, $number);
		sigprocmask(SIG_BLOCK, &set, &old);
		while (ticks < ticks_wanted)
			sigsuspend(&old);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
""",
]

TEXT = Template(r"""
static volatile unsigned spun_$n; /* nobody looks: how often is not known */

__attribute__((noinline)) static int spin_$n(int level)
{
	volatile int local = level;

	if (level > 0)
		return spin_$n(level - 1) + local;
	fuzz_poll();
	return local;
}
__attribute__((noinline)) static long ticking_$n(int level, int n$timer_parameter)
{
	volatile long local[3] = {n, level, 3};

	fuzz_poll();
	if (level > 0) {
		local[1] = ticking_$n(level - 1, n * 3$timer_argument);
		return local[1] * 31 + local[0];
	}
$source	return local[0];
}
static uint64_t signals_body_$n(int n)
{
	struct sigaction action = {.sa_flags = $flags}, before;
	volatile uint64_t sum = 1;
	volatile int deep = depth;
	$stack
	$timer
	sigjmp_buf buffer, *at = $at;

	if (handling)
		return 3;
	action.$handler;
	sigemptyset(&action.sa_mask);
	$mask
	sigaction($number, &action, &before);
	$start
	ticks = 0;
	tick_sum = n & 255;
	tick_again = $again;
	tick_calls = $calls;
	ticks_wanted = $wanted;
	switch (sigsetjmp(*at, 1)) {
	case 0:
		tick_jump = $jump;
		sum += (uint64_t)ticking_$n($level, n & 255$timer_value);
		break;
	case 1:
		sum = sum * 5;
		/* fall through */
	default:
		sum += 77;
	}
	depth = deep;
	tick_jump = NULL;
	ticks_wanted = 0;
$end	sigaction($number, &before, NULL);
	$stack_end
	sum = sum * 31 + (uint64_t)ticks;
	sum = sum * 31 + (uint64_t)tick_sum;
	$free
	return sum;
}
""")


def make(random, number):
    way = random.choice(sorted(SOURCES))
    signal, source, end = SOURCES[way]
    fill = {"n": number, "number": signal, "us": random.choice((100, 800, 2000))}
    timed = way in ("interval", "timer")
    wait = Template(random.choice(WAITS)).substitute(fill)
    source = Template(source).substitute(fill, wait=wait)
    information = random.random() < .5 or way == "queue"
    alternative = random.random() < .3
    nested = not timed and random.random() < .4
    calls = random.random() < .4
    heap = random.random() < .5
    flags = ["SA_SIGINFO"] * information + ["SA_ONSTACK"] * alternative + ["SA_NODEFER"] * nested
    timer = way == "timer"
    jumps = random.random() < .6 and not nested
    return TEXT.substitute(
        fill, source=source, end=end, flags=" | ".join(flags) or "0",
        handler="sa_sigaction = on_tick_info" if information else "sa_handler = on_tick",
        stack="static char stack[16384];" if alternative else "",
        stack_end="sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);" if alternative else "",
        start="\n\t".join(
            (["sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);"]
             if alternative else [])
            + ["timer_create(CLOCK_MONOTONIC, &(struct sigevent){.sigev_notify = SIGEV_SIGNAL,\n"
               "\t\t.sigev_signo = %s}, &timer);" % signal] * timer),
        timer="timer_t timer;" if timer else "",
        timer_parameter=", timer_t timer" if timer else "",
        timer_argument=", timer" if timer else "", timer_value=", timer" if timer else "",
        at="malloc(sizeof *at)" if heap else "&buffer",
        free="(void)buffer;\n\tfree(at);" if heap else "",
        jump="at" if jumps else "NULL", level=random.randint(0, 4), wanted=random.randint(1, 4),
        again=AGAIN[way] if nested else "NULL",
        calls=int(calls and not alternative),
        # What is called may raise it, to be delivered at once.
        mask="" if calls else "sigaddset(&action.sa_mask, SIGUSR2);")
