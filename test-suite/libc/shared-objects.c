/*
 * Objects between processes: message queues, semaphores and memory of POSIX and
 * of System V (whose memory is refused, as it could not move), asynchronous
 * files, wide socket addresses.
 *
 * MODES: native verify self qemu move
 * CFLAGS: -w -pthread
 */
#define _GNU_SOURCE
#include "check.h"
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char name[32], semaphore_name[32];

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

static int child_says(void)
{
	int status;

	CHECK(wait(&status) > 0 && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void queues(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 32}, got;
	struct timespec past = {1, 0};
	unsigned priority;
	char text[32];
	mqd_t queue =
		mq_open(name, O_CREAT | O_RDWR | O_EXCL, 0600, &attributes);

	if (queue == (mqd_t)-1) {
		printf("mq: none\n"); /* an emulator or a container without */
		return;
	}
	CHECK(!mq_send(queue, "low", 4, 1) && !mq_send(queue, "high", 5, 9) &&
	      !mq_send(queue, "low too", 8, 1));
	spin();
	CHECK(!mq_getattr(queue, &got) && got.mq_curmsgs == 3 &&
	      got.mq_maxmsg == 4 && got.mq_msgsize == 32);
	for (int i = 0; i < 3; i++) {
		ssize_t size = mq_receive(queue, text, 32, &priority);

		printf("mq %zd %s %u\n", size, text, priority);
	}
	CHECK(mq_timedreceive(queue, text, 32, NULL, &past) == -1 &&
	      errno == ETIMEDOUT);
	CHECK(mq_receive(queue, text, 31, NULL) == -1 && errno == EMSGSIZE);
	CHECK(!mq_close(queue) && !mq_unlink(name));
	CHECK(mq_open(name, O_RDWR) == (mqd_t)-1 && errno == ENOENT);
}

static void memory(void)
{
	int fd = shm_open(name, O_CREAT | O_RDWR | O_EXCL, 0600);
	int *shared;
	sem_t *semaphore;

	CHECK(fd >= 0 && !ftruncate(fd, 8192));
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(shared != MAP_FAILED);
	semaphore = sem_open(semaphore_name, O_CREAT | O_EXCL, 0600, 0);
	CHECK(semaphore != SEM_FAILED);
	CHECK(sem_open(semaphore_name, 0) == semaphore &&
	      !sem_close(semaphore));
	if (!fork()) {
		shared[1500] = 42;
		sem_post(semaphore);
		_exit(3);
	}
	CHECK(!sem_wait(semaphore));
	spin();
	printf("shm %d %d\n", shared[1500], child_says());
	CHECK(!munmap(shared, 8192) && !close(fd) && !sem_close(semaphore));
	CHECK(!sem_unlink(semaphore_name) && !shm_unlink(name));
	CHECK(shm_open(name, O_RDWR, 0) == -1 && errno == ENOENT);
}

struct message {
	long type;
	char text[16];
};

static void system_v(void)
{
	int queue = msgget(IPC_PRIVATE, 0600), set;
	struct message message = {2, "second"};
	struct msqid_ds status;
	struct semid_ds set_status;
	struct sembuf take = {0, -2, 0}, give = {0, 1, SEM_UNDO},
		      try = {1, -1, IPC_NOWAIT};
	unsigned short values[2] = {0, 5};
	union {
		int val;
		struct semid_ds *buf;
		unsigned short *array;
	} argument;

	CHECK(queue >= 0 && !msgsnd(queue, &message, 7, 0));
	message = (struct message){1, "first"};
	CHECK(!msgsnd(queue, &message, 6, 0));
	CHECK(!msgctl(queue, IPC_STAT, &status) && status.msg_qnum == 2 &&
	      status.msg_stime > 1000000);
	for (long type = 1; type <= 2; type++) {
		ssize_t size = msgrcv(queue, &message, 16, type, 0);

		spin();
		printf("msg %zd %ld %s\n", size, message.type, message.text);
	}
	CHECK(msgrcv(queue, &message, 16, 0, IPC_NOWAIT) == -1 &&
	      errno == ENOMSG);
	CHECK(!msgctl(queue, IPC_RMID, NULL));

	set = semget(IPC_PRIVATE, 2, 0600);
	argument.array = values;
	CHECK(set >= 0 && !semctl(set, 0, SETALL, argument));
	CHECK(semctl(set, 1, GETVAL) == 5);
	if (!fork()) {
		give.sem_flg = 0;
		for (int i = 0; i < 2; i++)
			CHECK(!semop(set, &give, 1));
		_exit(4);
	}
	CHECK(!semop(set, &take, 1));
	argument.buf = &set_status;
	CHECK(!semctl(set, 0, IPC_STAT, argument) &&
	      set_status.sem_nsems == 2 && set_status.sem_otime > 1000000 &&
	      set_status.sem_ctime > 1000000);
	argument.val = 0;
	CHECK(!semctl(set, 1, SETVAL, argument));
	CHECK(semop(set, &try, 1) == -1 && errno == EAGAIN);
	printf("sem %d %d %d\n", semctl(set, 0, GETVAL), semctl(set, 1, GETVAL),
	       child_says());
	CHECK(!semctl(set, 0, IPC_RMID));
#ifndef PLAIN
	set = shmget(IPC_PRIVATE, 4096, 0600);
	CHECK(set == -1
		      ? errno == ENOSYS
		      : shmat(set, NULL, 0) == (void *)-1 && errno == ENOSYS &&
				!shmctl(set, IPC_RMID, NULL));
#endif
}

static volatile int notified;

static void notify(union sigval value)
{
	notified = value.sival_int;
}

static void asynchronous(void)
{
	char out[] = "asynchronous", in[20] = "", more[8] = "";
	int fd = open("aio", O_CREAT | O_RDWR | O_TRUNC, 0600);
	struct aiocb one = {.aio_fildes = fd,
			    .aio_buf = out,
			    .aio_nbytes = 12,
			    .aio_sigevent.sigev_notify = SIGEV_NONE},
		     two = one, three = one;
	const struct aiocb *list[2] = {&two, &three};
	struct aiocb *both[2] = {&two, &three};

	if (aio_write(&one)) {
		printf("aio %d\n", errno == ENOSYS);
		return;
	}
	while (aio_error(&one) == EINPROGRESS)
		aio_suspend((const struct aiocb *[]){&one}, 1, NULL);
	CHECK(aio_return(&one) == 12);
	two.aio_buf = in;
	two.aio_sigevent = (struct sigevent){.sigev_notify = SIGEV_THREAD,
					     .sigev_notify_function = notify,
					     .sigev_value.sival_int = 5};
	two.aio_lio_opcode = three.aio_lio_opcode = LIO_READ;
	three.aio_buf = more;
	three.aio_nbytes = 5;
	three.aio_offset = 1;
	CHECK(!lio_listio(LIO_WAIT, both, 2, NULL));
	while (!notified)
		spin();
	printf("aio %s %s %zd %d\n", in, more, aio_return(&three), notified);
	CHECK(aio_cancel(fd, NULL) == AIO_ALLDONE);
	close(fd);
	unlink("aio");
}

static void local_sockets(void)
{
	struct sockaddr_un address = {AF_UNIX, "socket"};
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client, fd;
	struct ucred who;
	socklen_t size = sizeof(who);
	char text[8] = "";

	CHECK(!bind(server, (void *)&address, sizeof(address)));
	CHECK(!listen(server, 1));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(!connect(client, (void *)&address, sizeof(address)));
	fd = accept(server, NULL, NULL);
	spin();
	CHECK(send(fd, "over", 5, 0) == 5 && recv(client, text, 8, 0) == 5);
	CHECK(!getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size));
	printf("un %s %d %zu\n", text, who.uid == getuid(),
	       offsetof(struct sockaddr_un, sun_path));
	close(fd);
	close(client);
	close(server);
	unlink("socket");
}

int main(void)
{
	snprintf(name, sizeof(name), "/popcorn-%d", (int)getpid());
	snprintf(semaphore_name, sizeof(semaphore_name), "%s-semaphore", name);
	queues();
	memory();
	system_v();
	asynchronous();
	local_sockets();
	return 0;
}
