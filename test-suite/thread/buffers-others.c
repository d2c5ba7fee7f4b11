/*
 * System calls on everything but files and sockets, as buffers-files.c has
 * those on files.
 *
 * CFLAGS: -pthread
 * MODES: native verify nodes spread spread-user
 * SPREAD: 2000
 */
#define _GNU_SOURCE
#include "buffers.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

static void times_and_clocks(void)
{
	struct timespec *time = AT(struct timespec, 0),
			*rest = AT(struct timespec, 1);
	struct timeval *day = AT(struct timeval, 2);
	struct itimerspec *new = AT(struct itimerspec, 3),
			  *old = AT(struct itimerspec, 4);
	struct itimerval *interval = AT(struct itimerval, 5),
			 *before = AT(struct itimerval, 6);
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	CHECK(!SYSTEM(SYS_clock_gettime, CLOCK_REALTIME, time));
	CHECK(time->tv_sec > 1000000);
	memset(time, 0, sizeof(*time));
	CHECK(!CALL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, time)));
	CHECK(time->tv_sec || time->tv_nsec);
	CHECK(!CALL(clock_getres(CLOCK_MONOTONIC, time)) && time->tv_nsec);
	CHECK(!SYSTEM(SYS_gettimeofday, day, NULL) && day->tv_sec > 1000000);
	*time = (struct timespec){0, 1000000};
	CHECK(!CALL(nanosleep(time, rest)));
	CHECK(!CALL(clock_nanosleep(CLOCK_MONOTONIC, 0, time, rest)));
	*time = (struct timespec){1, 0};
	CHECK(!CALL(
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, NULL)));
	*time = (struct timespec){0, -1};
	CHECK(CALL(nanosleep(time, NULL)) == -1 && errno == EINVAL);
	CHECK(CALL(clock_settime(CLOCK_MONOTONIC, time)) == -1 &&
	      errno == EINVAL);
	*new = (struct itimerspec){{0, 0}, {100, 5}};
	CHECK(!CALL(timerfd_settime(fd, 0, new, old)));
	memset(old, 0, sizeof(*old));
	CHECK(!CALL(timerfd_gettime(fd, old)) && old->it_value.tv_sec >= 90);
	close(fd);
	*interval = (struct itimerval){{0, 0}, {1000, 5}};
	CHECK(!CALL(setitimer(ITIMER_REAL, interval, before)));
	CHECK(!before->it_value.tv_sec);
	CHECK(!CALL(getitimer(ITIMER_REAL, before)));
	CHECK(before->it_value.tv_sec >= 900);
	memset(interval, 0, sizeof(*interval));
	CHECK(!CALL(setitimer(ITIMER_REAL, interval, before)));
	CHECK(before->it_value.tv_sec >= 900);
}

static void timers(void)
{
	struct sigevent *event = AT(struct sigevent, 0);
	struct itimerspec *new = AT(struct itimerspec, 1),
			  *old = AT(struct itimerspec, 2);
	timer_t *timer = AT(timer_t, 3);

	memset(event, 0, sizeof(*event));
	event->sigev_notify = SIGEV_NONE;
	CHECK(!CALL(timer_create(CLOCK_MONOTONIC, event, timer)));
	*new = (struct itimerspec){{0, 0}, {100, 0}};
	CHECK(!CALL(timer_settime(*timer, 0, new, old)));
	memset(old, 0, sizeof(*old));
	CHECK(!CALL(timer_gettime(*timer, old)) && old->it_value.tv_sec >= 90);
	CHECK(!CALL(timer_settime(*timer, 0, new, old)));
	CHECK(old->it_value.tv_sec >= 90);
	CHECK(!timer_delete(*timer));
}

static void the_process(void)
{
	uid_t *ids = AT(uid_t, 2);
	cpu_set_t *cpus = AT(cpu_set_t, 3);
	struct rlimit *limit = AT(struct rlimit, 4);
	struct sched_param *priority = AT(struct sched_param, 5);
	gid_t *groups = AT(gid_t, 7);
	unsigned *version = AT(unsigned, 11);

	memset(AT(char, 0), 0, 300);
	CHECK(!CALL(uname(AT(struct utsname, 0))));
	CHECK(!strcmp(AT(struct utsname, 0)->sysname, "Linux"));
	CHECK(!CALL(sysinfo(AT(struct sysinfo, 1))));
	CHECK(AT(struct sysinfo, 1)->totalram);
	CHECK(!CALL(getresuid(ids, ids + 1, AT(uid_t, 14))));
	CHECK(ids[0] == getuid() && *AT(uid_t, 14) == geteuid());
	CHECK(!CALL(getresgid(ids, ids + 1, AT(gid_t, 14))));
	CHECK(ids[0] == getgid() && *AT(gid_t, 14) == getegid());
	groups[0] = 1;
	CHECK(CALL(getgroups(50, groups)) >= 0);
	CHECK(!SYSTEM(SYS_setgroups, 1, groups) || errno == EPERM);
	memset(cpus, 0, sizeof(*cpus));
	CHECK(SYSTEM(SYS_sched_getaffinity, 0, sizeof(*cpus), cpus) > 0);
	CHECK(CPU_COUNT(cpus) > 0);
	CHECK(!SYSTEM(SYS_sched_setaffinity, 0, sizeof(*cpus), cpus));
	CHECK(!CALL(getrlimit(RLIMIT_NOFILE, limit)) && limit->rlim_cur);
	CHECK(!CALL(setrlimit(RLIMIT_NOFILE, limit)));
	memset(limit, 0, sizeof(*limit));
	CHECK(!SYSTEM(SYS_getrlimit, RLIMIT_NOFILE, limit) && limit->rlim_cur);
	CHECK(!SYSTEM(SYS_setrlimit, RLIMIT_NOFILE, limit));
	priority->sched_priority = 7;
	CHECK(!SYSTEM(SYS_sched_getparam, 0, priority));
	CHECK(!priority->sched_priority);
	CHECK(!SYSTEM(SYS_sched_setparam, 0, priority));
	CHECK(!SYSTEM(SYS_sched_setscheduler, 0, SCHED_OTHER, priority));
	CHECK(!SYSTEM(SYS_sched_rr_get_interval, 0, AT(struct timespec, 6)));
	CHECK(!SYSTEM(SYS_sched_getattr, 0, AT(char, 6), 48, 0));
	CHECK(*AT(unsigned, 6) == 48);
	CHECK(!SYSTEM(SYS_sched_setattr, 0, AT(char, 6), 0));
	memset(AT(char, 8), 0, sizeof(struct rusage));
	CHECK(!CALL(getrusage(RUSAGE_SELF, AT(struct rusage, 8))));
	CHECK(AT(struct rusage, 8)->ru_maxrss);
	CHECK(CALL(times(AT(struct tms, 9))) > 0);
	CHECK(CALL(syscall(SYS_getcpu, AT(unsigned, 10), AT(unsigned, 9),
			   NULL)) == 0);
	CHECK(!CALL(prctl(PR_SET_NAME, text(12, "a-name"))));
	CHECK(!CALL(prctl(PR_GET_NAME, AT(char, 13))));
	CHECK(!strcmp(AT(char, 13), "a-name"));
	CHECK(!CALL(prctl(PR_GET_PDEATHSIG, AT(int, 13))));
	version[0] = 0x20080522;
	version[1] = 0;
	CHECK(!SYSTEM(SYS_capget, version, AT(char, 12)));
	CHECK(!SYSTEM(SYS_capset, version, AT(char, 12)));
	memset(AT(char, 13), 0, 200);
	CHECK(SYSTEM(SYS_getrandom, AT(char, 13), 200, 0) == 200);
	CHECK(memcmp(AT(char, 13), AT(char, 13) + 100, 100));
	CHECK(CALL(sethostname(text(0, "a-host"), 6)) == -1 || !getuid());
}

static void signals(void)
{
	sigset_t *set = AT(sigset_t, 0), *old = AT(sigset_t, 1);
	siginfo_t *info = AT(siginfo_t, 2);
	struct timespec *time = AT(struct timespec, 3);
	struct sigaction *action = AT(struct sigaction, 4);
	union sigval value = {.sival_int = 4711};
	int fd;

	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	CHECK(!CALL(pthread_sigmask(SIG_BLOCK, set, old)));
	CHECK(!CALL(sigaction(SIGUSR2, NULL, action)));
	CHECK(!CALL(sigaction(SIGUSR2, action, AT(struct sigaction, 5))));
	memset(info, 0, sizeof(*info));
	info->si_signo = SIGUSR1;
	info->si_code = SI_QUEUE;
	info->si_pid = getpid();
	info->si_uid = getuid();
	info->si_value = value;
	CHECK(!SYSTEM(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1,
		      info));
	CHECK(!CALL(sigpending(AT(sigset_t, 6))));
	CHECK(sigismember(AT(sigset_t, 6), SIGUSR1));
	memset(info, 0, sizeof(*info));
	*time = (struct timespec){5, 0};
	CHECK(CALL(sigtimedwait(set, info, time)) == SIGUSR1);
	CHECK(info->si_value.sival_int == 4711);
	CHECK(!SYSTEM(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1,
		      info));
	CHECK(CALL(sigwaitinfo(set, info)) == SIGUSR1);
	CHECK(!SYSTEM(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, info));
	CHECK(CALL(sigwaitinfo(set, info)) == SIGUSR1);
	*time = (struct timespec){0, 1000};
	CHECK(CALL(sigtimedwait(set, info, time)) == -1 && errno == EAGAIN);
	*time = (struct timespec){0, -1};
	CHECK(CALL(sigtimedwait(set, info, time)) == -1 && errno == EINVAL);
	fd = CALL(signalfd(-1, set, SFD_NONBLOCK));
	CHECK(fd >= 0);
	CHECK(CALL(read(fd, AT(char, 7), 128)) == -1 && errno == EAGAIN);
	close(fd);
	CHECK(!CALL(pthread_sigmask(SIG_SETMASK, old, NULL)));
}

/* A handler that makes calls amid another one, which goes on. */
static int pipes[2], other_pipes[2];

static void handler(int signal)
{
	(void)signal;
	CHECK(write(other_pipes[1], AT(char, 3), 30) == 30);
	CHECK(read(other_pipes[0], AT(char, 4), 30) == 30);
	CHECK(write(pipes[1], "data", 4) == 4);
}

static void *kill_soon(void *thread)
{
	usleep(5000);
	CHECK(!pthread_kill(*(pthread_t *)thread, SIGUSR2));
	return NULL;
}

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_RESTART};
	pthread_t self = pthread_self(), thread;

	CHECK(!pipe(pipes) && !pipe(other_pipes));
	CHECK(!sigaction(SIGUSR2, &action, NULL));
	text(3, "what is not to come in between");
	CHECK(!pthread_create(&thread, NULL, kill_soon, &self));
	CHECK(CALL(read(pipes[0], AT(char, 5), 100)) == 4);
	CHECK(!memcmp(AT(char, 5), "data\0\0\0", 8));
	CHECK(!strcmp(AT(char, 4), AT(char, 3)));
	CHECK(!pthread_join(thread, NULL));
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(other_pipes[i]);
	}
}

/* --- futexes --- */

static void *wait_for_it(void *argument)
{
	int *word = argument;

	CHECK(!popcorn_migrate_thread(popcorn_nodes() - 1));
	while (!__atomic_load_n(word, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL);
	return NULL;
}

static void futexes(void)
{
	int *word = AT(int, 0), *other = AT(int, 1);
	struct timespec *time = AT(struct timespec, 2);
	pthread_t thread;

	for (int private = 0; private <= FUTEX_PRIVATE_FLAG;
	     private += FUTEX_PRIVATE_FLAG) {
		*word = 3;
		*other = 5;
		CHECK(SYSTEM(SYS_futex, word, FUTEX_WAIT | private, 4, NULL) ==
		      -1);
		CHECK(errno == EAGAIN);
		*time = (struct timespec){0, 1000000};
		CHECK(SYSTEM(SYS_futex, word, FUTEX_WAIT | private, 3, time) ==
		      -1);
		CHECK(errno == ETIMEDOUT);
		CHECK(SYSTEM(SYS_futex, word, FUTEX_WAIT_BITSET | private, 3,
			     time, NULL, 1) == -1);
		CHECK(errno == ETIMEDOUT);
		CHECK(SYSTEM(SYS_futex, word, FUTEX_WAKE | private, 1) == 0);
		CHECK(SYSTEM(SYS_futex, word, FUTEX_CMP_REQUEUE | private, 1, 1,
			     other, 4) == -1);
		CHECK(errno == EAGAIN);
		CHECK(SYSTEM(SYS_futex, word, FUTEX_CMP_REQUEUE | private, 1, 1,
			     other, 3) == 0);
		CHECK(SYSTEM(SYS_futex, word, FUTEX_WAKE_OP | private, 1, 1,
			     other,
			     FUTEX_OP(FUTEX_OP_ADD, 2, FUTEX_OP_CMP_EQ, 5)) ==
		      0);
		CHECK(*other == 7);
	}
	*word = 0;
	CHECK(!pthread_create(&thread, NULL, wait_for_it, word));
	usleep(3000);
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	CHECK(SYSTEM(SYS_futex, word, FUTEX_WAKE, INT_MAX) >= 0);
	CHECK(!pthread_join(thread, NULL));
	CHECK(SYSTEM(SYS_futex, (void *)8, FUTEX_WAIT, 0, NULL) == -1);
	CHECK(errno == EFAULT);
}

/* --- System V's and POSIX's --- */

static void queues(void)
{
	struct {
		long type;
		char text[64];
	} *message = AT(void, 0), *got = AT(void, 1);
	struct sembuf *changes = AT(struct sembuf, 2);
	struct timespec *time = AT(struct timespec, 4);
	unsigned short *all = AT(unsigned short, 3);
	int queue = msgget(IPC_PRIVATE, 0600),
	    set = semget(IPC_PRIVATE, 5, 0600);

	CHECK(queue >= 0 && set >= 0);
	message->type = 5;
	strcpy(message->text, "to the queue");
	CHECK(!CALL(msgsnd(queue, message, 13, 0)));
	CHECK(!CALL(msgctl(queue, IPC_STAT, AT(struct msqid_ds, 6))));
	CHECK(AT(struct msqid_ds, 6)->msg_qnum == 1);
	CHECK(!CALL(msgctl(queue, IPC_SET, AT(struct msqid_ds, 6))));
	CHECK(CALL(msgrcv(queue, got, 64, 0, 0)) == 13);
	CHECK(got->type == 5 && !strcmp(got->text, "to the queue"));
	CHECK(!msgctl(queue, IPC_RMID, NULL));
	for (int i = 0; i < 5; i++)
		all[i] = (unsigned short)(i + 7);
	CHECK(!CALL(semctl(set, 0, SETALL, all)));
	changes[0] = (struct sembuf){0, -7, 0};
	changes[1] = (struct sembuf){1, 2, 0};
	CHECK(!CALL(semop(set, changes, 2)));
	*time = (struct timespec){0, 1000000};
	CHECK(SYSTEM(SYS_semtimedop, set, changes, 2, time) == -1);
	CHECK(errno == EAGAIN);
	memset(all, 0, 10);
	CHECK(!CALL(semctl(set, 0, GETALL, all)));
	CHECK(all[0] == 0 && all[1] == 10 && all[4] == 11);
	CHECK(!CALL(semctl(set, 0, IPC_STAT, AT(struct semid_ds, 5))));
	CHECK(AT(struct semid_ds, 5)->sem_nsems == 5);
	CHECK(!CALL(semctl(set, 0, IPC_SET, AT(struct semid_ds, 5))));
	CHECK(!semctl(set, 0, IPC_RMID));
}

static void posix_queues(void)
{
	struct mq_attr *how = AT(struct mq_attr, 0);
	struct timespec *time = AT(struct timespec, 4);
	char *name = AT(char, 1);
	unsigned *priority = AT(unsigned, 2);
	mqd_t queue;

	snprintf(name, 60, "/popcorn-buffers-%d", (int)getpid());
	memset(how, 0, sizeof(*how));
	how->mq_maxmsg = 3;
	how->mq_msgsize = 100;
	queue = CALL(mq_open(name, O_CREAT | O_RDWR, 0600, how));
	CHECK(queue >= 0 || errno == ENOSYS);
	if (queue < 0)
		return;
	*time = (struct timespec){1, 0};
	CHECK(!CALL(mq_timedsend(queue, text(3, "queued"), 7, 6, time)));
	CHECK(!CALL(mq_getattr(queue, how)) && how->mq_curmsgs == 1);
	CHECK(!CALL(mq_setattr(queue, how, NULL)));
	CHECK(CALL(mq_timedreceive(queue, AT(char, 5), 200, priority, time)) ==
	      7);
	CHECK(*priority == 6 && !strcmp(AT(char, 5), "queued"));
	memset(AT(char, 5), 0, sizeof(struct sigevent));
	AT(struct sigevent, 5)->sigev_notify = SIGEV_NONE;
	CHECK(!CALL(mq_notify(queue, AT(struct sigevent, 5))));
	CHECK(!mq_close(queue));
	CHECK(!CALL(mq_unlink(name)));
}

/* Memory is private while the child is made, and then no more. */
static void children(void)
{
	int *status = AT(int, 0);
	struct rusage *used_up = AT(struct rusage, 1);
	pid_t pid = fork();

	if (!pid)
		_exit(3);
	CHECK(pid > 0);
	CHECK(!CALL(
		waitid(P_PID, (id_t)pid, AT(siginfo_t, 2), WEXITED | WNOWAIT)));
	CHECK(AT(siginfo_t, 2)->si_pid == pid);
	*status = 77;
	CHECK(CALL(wait4(pid, status, 0, used_up)) == pid);
	CHECK(WIFEXITED(*status) && WEXITSTATUS(*status) == 3);
	CHECK(CALL(wait4(pid, status, 0, used_up)) == -1 && errno == ECHILD);
}

static void *end_there(void *argument)
{
	int node = *(int *)argument;

	CHECK(!popcorn_migrate_thread(node % popcorn_nodes()));
	AT(char, 0)[node]++;
	return argument;
}

/* Whoever joins hears of the end. */
static void joined(void)
{
	pthread_t threads[4];
	int nodes[4] = {0, 1, 2, 0};
	void *result;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			CHECK(!pthread_create(&threads[i], NULL, end_there,
					      &nodes[i]));
		for (int i = 0; i < 4; i++) {
			CHECK(!pthread_join(threads[i], &result));
			CHECK(result == &nodes[i]);
		}
	}
}

/* Another program, with threads away. */
static void execute(void)
{
	char **arguments = AT(char *, 0), **environment = AT(char *, 1);
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, spoil_all, NULL));
	ends = 0;
	arguments[0] = text(2, "echo");
	arguments[1] = text(3, "a word of the program's");
	arguments[2] = "a constant";
	arguments[3] = NULL;
	environment[0] = text(4, "PATH=/bin");
	environment[1] = NULL;
	execve(text(6, "/no/such/program"), arguments, environment);
	CHECK(errno == ENOENT);
	SYSTEM(SYS_execveat, AT_FDCWD, AT(char, 6), arguments, environment, 0);
	CHECK(errno == ENOENT);
	CALL(execve(text(5, "/bin/echo"), arguments, environment));
	CHECK(0);
}

int main(void)
{
	sigset_t set;

	/* One is for any thread. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	RUN(times_and_clocks, timers, the_process, signals, interrupted,
	    futexes, queues, posix_queues, children, joined);
	fflush(stdout);
	execute();
	return 0;
}
