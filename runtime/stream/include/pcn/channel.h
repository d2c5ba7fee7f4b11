/*
 * channel.h - what a program and its agent say to each other
 * (docs/FORMATS.md, "Control channel").
 *
 * A SOCK_SEQPACKET socket pair, whose end in the program is the descriptor
 * named by POPCORN_CHANNEL_FD.  The program asks, the agent answers; of its own
 * accord the agent only raises a request in the control page.  A message is
 * one packet: struct pcn_message, then text_size bytes; descriptors travel by
 * SCM_RIGHTS in the order told below.
 */
#ifndef PCN_CHANNEL_H
#define PCN_CHANNEL_H

#include <pcn/abi.h>

#define PCN_CHANNEL_ENV	      "POPCORN_CHANNEL_FD"
#define PCN_USERFAULT_ENV     "POPCORN_USERFAULT_FD"
#define PCN_CHANNEL_VERSION   4u
#define PCN_CHANNEL_TEXT_MAX  16384u
#define PCN_CHANNEL_NODES_MAX 64u
#define PCN_CHANNEL_FDS_MAX   250u /* the kernel's limit is 253 */

enum pcn_message_type {
	/* Agent, first of all, before the program starts.  value: role, node's
	 * index, number of nodes, version; text: the executable's path and the
	 * nodes' names, each with its NUL.  Descriptors: control page; in role
	 * RESTORE also the transfer socket. */
	PCN_MSG_WELCOME = 1,

	/* Program, in role RESTORE: its run time is up.  Not answered: the
	 * state arrives on the transfer socket. */
	PCN_MSG_READY = 2,
	/* Program, in role RESTORE: everything stands, no thread has run yet.
	 * value: bytes, threads.  Answer: COMMIT (run), or the end. */
	PCN_MSG_RESTORED = 3,
	/* Program, in role RESTORE: it cannot be; otherwise instead of STOPPED:
	 * it cannot stop.  value: -errno; text: why. */
	PCN_MSG_FAILED = 4,

	/* Program, any thread: move, fork.  value: node (-1: the next one).
	 * Answer: ANSWER; a 0 says that the node is prepared and that STOPPED
	 * is to follow; the program stops its world itself. */
	PCN_MSG_ASK_MOVE = 5,
	PCN_MSG_ASK_FORK = 6,
	/* Agent.  value: 0, what was asked for, or -errno; text: why not. */
	PCN_MSG_ANSWER = 7,

	/* Program, its world stopped for the request in the control page.
	 * value: threads, frames, CLOCK_MONOTONIC (ns) when the stop began.
	 * Answer: GO, or ABORT (value: -errno). */
	PCN_MSG_STOPPED = 8,
	/* Agent.  value: enum pcn_request, node's index, leave running (0, 1),
	 * whole (MOVE: memory and descriptors' names too are in the stream);
	 * for its agent, if that is not the program's: whether the program may
	 * go on before all its memory has come (MOVE).
	 * Descriptors: MOVE: transfer socket; CHECKPOINT: the file; FORK:
	 * transfer socket, the child's channel (text: the child's argv, each
	 * with its NUL). */
	PCN_MSG_GO = 9,
	/* Program.  value: 0 or -errno, bytes, threads, frames, nanoseconds
	 * spent; FORK: then the pid of the child.  text: why.  Answer: COMMIT
	 * (exit silently; FORK and leave running: go on), or ABORT (value:
	 * -errno; go on). */
	PCN_MSG_SAVED = 10,
	PCN_MSG_COMMIT = 11,
	PCN_MSG_ABORT = 12,

	/* Program: wait4 for a child that it had on an earlier node; such
	 * children are the agent's.  value: pid, options.  Answer: ANSWER with
	 * pid, 0 (none yet) or -errno, and the status. */
	PCN_MSG_WAIT = 13,

	/* On the transfer socket, from the source to the target.
	 * STATE: descriptors: the stream; and, where the source lives, its
	 * /proc/self/mem: then the stream is the head alone, and memory is read
	 * there.  value: bytes of the whole stream, descriptors to come,
	 * whether not all memory is there yet (pcn_stream_is_late, LATE). */
	PCN_MSG_STATE = 14,
	/* Descriptors; data: one pcn_channel_fd for each. */
	PCN_MSG_FDS = 15,
	/* Descriptor: the working directory; the last. */
	PCN_MSG_CWD = 16,

	/* Program, after a move's COMMIT; not answered.  SIGNAL: sent to it
	 * since it was saved: the agent sends it on.  value: signal; text:
	 * siginfo.  LEFT: there is no more to come. */
	PCN_MSG_SIGNAL = 17,
	PCN_MSG_LEFT = 18,

	/* Program, any thread: to take itself to a node.  value: node.  Answer:
	 * ANSWER, when the node's process stands. */
	PCN_MSG_ASK_THREAD = 19,
	/* Program, its world stopped, when a thread is to leave for the first
	 * time.  Answer: ANSWER with the descriptors of the file of shared
	 * memory, of the mails (pcn/mail.h), of the doorbell and, where it is
	 * emulated, of the userfaultfd that its emulator has made.  value: 0,
	 * whether that one is UFFD_USER_MODE_ONLY, or why there is none,
	 * -errno.  To a process in role NODE, the same of its own; it answers
	 * with SHARED. */
	PCN_MSG_SHARE = 20,
	/* Descriptor: a userfaultfd; none: value: -errno. */
	PCN_MSG_SHARED = 21,
	/* Program: it has mapped memory: value: address, bytes, PROT_*, whether
	 * it has contents (else: zero).  It is about to unmap some: address,
	 * bytes.  It has protected some: address, bytes, PROT_*.  Some is zero
	 * from now on: address, bytes.  Answer: ANSWER, when all nodes have
	 * done so.  To a process in role NODE: to do so; it answers ANSWER. */
	PCN_MSG_MAP = 22,
	PCN_MSG_UNMAP = 23,
	PCN_MSG_PROTECT = 24,
	PCN_MSG_ZERO = 25,
	/* Program, its world stopped and all threads home: all contents are to
	 * come home.  Answer: ANSWER; if 0, nothing is shared any more. */
	PCN_MSG_GATHER = 27,
	/* To a process in role NODE: a thread has come.  value: its control
	 * block, slot, bytes of its machine stack; for its agent, if that is
	 * not the program's: CLOCK_REALTIME and CLOCK_MONOTONIC at home (ns).
	 * Answer: ANSWER; not 0: it cannot run here. */
	PCN_MSG_THREAD = 26,

	/* Program, in role RESTORE, if STATE says so: its memory is mapped and
	 * not all of it has come.  Descriptor: a userfaultfd; none: its
	 * emulator has sent it, or there is none.  Answer: ANSWER, an enum
	 * pcn_late. */
	PCN_MSG_LATE = 28,

	/* As MAP, of a file's pages, which are no shared memory of ours.
	 * value: address, bytes, PROT_*, offset; descriptor: the file. */
	PCN_MSG_MAP_FILE = 29,
};

enum pcn_late {
	PCN_LATE_COMES = 1, /* memory comes by the userfaultfd, which the
			     * program gets to keep, until control.late is 0 */
	PCN_LATE_WHOLE = 2, /* all is in the stream now: to be read there */
};

enum pcn_channel_role {
	PCN_ROLE_START = 1,   /* begin at the program's entry */
	PCN_ROLE_RESTORE = 2, /* become the process that arrives */
	PCN_ROLE_NODE = 3,    /* have threads of a program at home elsewhere */
};

#define PCN_MESSAGE_VALUES 6u

struct pcn_message {
	uint32_t type;	    /* enum pcn_message_type */
	uint32_t text_size; /* bytes behind this structure */
	int64_t value[PCN_MESSAGE_VALUES];
};

struct pcn_channel_fd {
	int32_t fd;
	uint32_t fd_flags; /* FD_CLOEXEC */
};

_Static_assert(sizeof(struct pcn_message) == 56, "message header");

#endif
