/*
 * wire.h - what two agents say to each other over a link (docs/FORMATS.md,
 * "Links").  All is little endian, and so are all machines that we run on.
 *
 * The origin is popcorn-run's agent, where the program has begun; the guest is
 * the agent that popcornd forks for one stay of the program on its node.
 */
#ifndef PCN_AGENT_WIRE_H
#define PCN_AGENT_WIRE_H

#include "error.h"

#include <pcn/abi.h>
#include <pcn/channel.h>
#include <pcn/isa.h>
#include <pcn/mail.h>
#include "link.h"

#include <stdint.h>

#define WIRE_VERSION	  5u
#define WIRE_USER	  32u
#define WIRE_ISA	  16u
#define WIRE_ISAS_MAX	  8u
#define WIRE_PATH_MAX	  2048u
#define WIRE_TEXT_MAX	  (WIRE_PATH_MAX + PCN_CHANNEL_NODES_MAX * PCN_NODE_NAME)
#define WIRE_FRAME_MAX	  (128u << 10)
#define WIRE_CHUNK	  (64u << 10) /* of executables, memory, streams */
#define WIRE_QUEUE	  (1u << 20)
#define WIRE_RESERVE	  (256u << 10) /* of the queue: for words, not chunks */
#define WIRE_STREAMS	  3u	       /* the program's 0, 1, 2 */
#define WIRE_WINDOW	  (128u << 10) /* bytes of a stream on their way */
#define WIRE_FDS_MAX	  4096u /* descriptors of a program that travels */
#define WIRE_HANDSHAKE_NS 10000000000u

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little endian"
#endif

enum wire_type {
	WIRE_HELLO = 1,	     /* both, first of all: struct wire_hello */
	WIRE_OPEN = 2,	     /* origin: struct wire_open, texts */
	WIRE_OPENED = 3,     /* guest: struct wire_opened */
	WIRE_EXECUTABLE = 4, /* origin: bytes, in order */

	/* A message of the control channel (pcn/channel.h) without descriptors:
	 * struct pcn_message, text. */
	WIRE_PACKET = 5,
	WIRE_REQUEST = 6, /* origin: u32 enum pcn_request; 0 takes it back */
	WIRE_SIGNAL = 7,  /* origin: u32 signal; then nothing, or siginfo */
	WIRE_EXITED = 8,  /* guest: u32 status, as wait() gives it */
	WIRE_UNREACHABLE = 9, /* guest: the program is another one now */

	WIRE_STATE = 10,  /* struct wire_state, struct wire_descriptor[] */
	WIRE_MEMORY = 11, /* u64 offset, bytes of the state: whole pages */

	WIRE_BYTES = 12,  /* u32 stream, bytes */
	WIRE_CREDIT = 13, /* u32 stream, u32 bytes that have gone on */
	WIRE_END = 14,	  /* u32 stream: no more comes, or nobody reads */
	WIRE_BACK = 15,	  /* guest: bytes of stream 0 that nobody has read */

	/* Threads away from home. */
	WIRE_PAGES = 16, /* struct wire_clocks, bytes of ../dsm/message.h's */
	WIRE_MAIL = 17,	 /* struct wire_mail.  Origin: a result, a recall */

	/* u64 offset: a thread waits for this page of the state.  Nothing: the
	 * program waits for all of them. */
	WIRE_DEMAND = 18,
};

struct wire_hello {
	uint32_t version, abi_version;
	uint32_t isa_count, zero;
	char node[PCN_NODE_NAME];
	char isas[WIRE_ISAS_MAX][WIRE_ISA]; /* that it can run, best first */
};

enum wire_want {
	WIRE_WANT_RUN = 1,     /* to bring a program */
	WIRE_WANT_NOTHING = 2, /* but HELLO */
	WIRE_WANT_THREADS = 3, /* to have threads of a program there */
};

struct wire_open {
	uint32_t want; /* enum wire_want; if NOTHING, the rest is zero */
	uint32_t node_index, node_count;
	uint32_t path_size, names_size; /* texts that follow, with zeroes */
	uint32_t home;			/* THREADS: the program's node */
	char user[WIRE_USER];
	char isa[WIRE_ISA]; /* wished for; "": any */
	uint8_t build_id[32];
	uint64_t executable_size;
};

struct wire_opened {
	uint32_t needs_executable;
};

struct wire_state {
	uint64_t size;
	uint64_t early; /* so many pages, the first ones, it cannot begin
			   without */
	uint32_t descriptor_count, zero;
};

#define WIRE_NO_STREAM 0xffffffffu

struct wire_descriptor { /* one that is not just opened by its path */
	int32_t fd;
	uint32_t stream; /* it is this one; or WIRE_NO_STREAM: */
	uint64_t size;	 /* ... the file must have this size */
};

struct wire_clocks { /* CLOCK_..., as this leaves; ns */
	int64_t realtime, monotonic;
};

struct wire_mail {
	struct wire_clocks clocks;
	uint32_t slot, zero;
	struct pcn_mail mail;
};

_Static_assert(sizeof(struct wire_hello) == 176, "wire");
_Static_assert(sizeof(struct wire_open) == 112, "wire");
_Static_assert(sizeof(struct wire_state) == 24, "wire");
_Static_assert(sizeof(struct wire_descriptor) == 16, "wire");
_Static_assert(sizeof(struct wire_mail) == 280, "wire");
_Static_assert(sizeof(struct wire_open) + WIRE_TEXT_MAX <= PCN_LINK_FRAME_FIRST,
	       "fits before the other side is known");
_Static_assert(WIRE_FDS_MAX * sizeof(struct wire_descriptor) +
			       sizeof(struct wire_state) <=
		       WIRE_FRAME_MAX,
	       "fits a frame");

#define WIRE_PAGES_MAX (WIRE_FRAME_MAX - sizeof(struct wire_clocks))

static inline uint64_t wire_pages(uint64_t size)
{
	return size / PCN_PAGE_SIZE + (size % PCN_PAGE_SIZE != 0);
}

/* An OPEN that has been checked; strings are the frame's copy. */
struct wire_wish {
	struct wire_open open;
	char text[WIRE_TEXT_MAX];
	const char *path;
	const char *names[PCN_CHANNEL_NODES_MAX];
};

/* Decoders: everything that comes from the other side is checked here.  0, or
 * -EPROTO with what is wrong. */
int wire_read_hello(struct wire_hello *h, const struct pcn_frame *f,
		    struct error *error);
int wire_read_open(struct wire_wish *w, const struct pcn_frame *f,
		   struct error *error);
/* *text points into the frame. */
int wire_read_packet(struct pcn_message *m, const char **text,
		     const struct pcn_frame *f, struct error *error);
/* descriptors: WIRE_FDS_MAX of them. */
int wire_read_state(struct wire_state *s, struct wire_descriptor *descriptors,
		    const struct pcn_frame *f, struct error *error);
/* A MEMORY or DEMAND that fits a state of that size. */
int wire_read_memory(uint64_t *offset, const struct pcn_frame *f, uint64_t size,
		     struct error *error);
int wire_read_mail(struct wire_mail *m, const struct pcn_frame *f,
		   struct error *error);
/* *bytes point into the frame. */
int wire_read_pages(struct wire_clocks *clocks, const uint8_t **bytes,
		    uint32_t *size, const struct pcn_frame *f,
		    struct error *error);
/* A number, and what follows it. */
int wire_read_number(uint32_t *number, const uint8_t **rest, uint32_t *size,
		     const struct pcn_frame *f, struct error *error);

int wire_send(struct pcn_link *l, enum wire_type type, const void *head,
	      size_t head_size, const void *more, size_t more_size);
int wire_send_number(struct pcn_link *l, enum wire_type type, uint32_t number,
		     const void *more, size_t more_size);
struct wire_clocks wire_clocks_now(void);
/* parts: at most two, WIRE_PAGES_MAX bytes. */
int wire_send_pages(struct pcn_link *l, const struct iovec *parts, int count);
int wire_send_mail(struct pcn_link *l, uint32_t slot, const struct pcn_mail *m);
int wire_send_packet(struct pcn_link *l, const struct pcn_message *m,
		     const void *text);

#endif
