/*
 * message.h - what agents say to one another about shared pages
 * (docs/FORMATS.md, "Shared memory between nodes").
 *
 * One message is a head of fixed size, a list of page numbers (PUSH and GIVE
 * only), then whole pages of data.  The decoder checks every bound there is;
 * what it lets through may still make no sense, which protocol.c finds.
 */
#ifndef PCN_DSM_MESSAGE_H
#define PCN_DSM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stays in release builds: wrong memory is worse than a dead program. */
#define dsm_assert(x) ((x) ? (void)0 : __builtin_trap())

#define DSM_PAGE_SIZE	 4096u
#define DSM_NODES_MAX	 64u /* bits of a mask */
#define DSM_RUN_MAX	 64u /* pages one message speaks of: bits of a mask */
#define DSM_HEAD_SIZE	 48u
#define DSM_DATA_MAX	 (DSM_RUN_MAX * DSM_PAGE_SIZE)
#define DSM_MESSAGE_MAX	 (DSM_HEAD_SIZE + DSM_RUN_MAX * 4 + DSM_DATA_MAX)
#define DSM_PAGE_NUMBERS (1u << 26) /* addresses end at 2^38 */

enum dsm_type {
	/* To the origin. */
	DSM_READ = 1, /* page; count pages behind it are wanted, too */
	DSM_AHEAD,    /* count pages from page are wanted, if they are free */
	DSM_WRITE,    /* page; count as READ */
	DSM_ACK,      /* pages of mask; absent: those given up before; data */
	DSM_PUSH,     /* list of pages and their data, for node */
	DSM_ADD,      /* count pages from page; cookie */
	DSM_REMOVE,   /* count pages from page; cookie */
	DSM_DROPPED,  /* cookie as in DROP */
	/* From the origin. */
	DSM_GRANT_READ,	 /* pages of mask; of those zero; left: not granted */
	DSM_GRANT_WRITE, /* the same */
	DSM_REFUSED,	 /* page: in no range, or lost */
	DSM_DOWNGRADE,	 /* pages of mask */
	DSM_INVALIDATE,	 /* pages of mask */
	DSM_GIVE,	 /* list of pages and their data */
	DSM_DROP,	 /* count pages from page; cookie */
	DSM_DONE,	 /* cookie as in ADD or REMOVE; count: an errno or 0 */
	DSM_TYPES,
};

enum dsm_flag {
	DSM_WITH_DATA = 1, /* data come (GRANT, ACK) or are wanted (others) */
	DSM_FOR_WRITE = 2, /* REFUSED: it was a WRITE; AHEAD: to be written */
	DSM_IS_LOST = 4,   /* REFUSED: the contents went with a node */
	DSM_KEEP = 8,	   /* REMOVE: the range stays and is zero */
	DSM_UNASKED = 16,  /* GRANT: of pages asked for ahead */
	DSM_HAVE = 32,	   /* with UNASKED: of pages that the node can read */
	DSM_FLAGS = 63,
};

/* Masks: bit i stands for page + i. */
struct dsm_message {
	uint8_t type;  /* enum dsm_type */
	uint8_t flags; /* enum dsm_flag */
	uint16_t node;
	uint32_t page, count;
	uint64_t mask, zero, left;
	uint64_t cookie;
	const uint32_t *list; /* count pages; where the message was decoded */
};
/* In an ACK the field left says which pages were given up before. */

/* Bytes of data behind the head and list of a message. */
uint32_t dsm_message_data(const struct dsm_message *m);
/* The whole message's size. */
uint32_t dsm_message_size(const struct dsm_message *m);

/* Writes head and list, the data excepted; returns their size, which is at
 * most DSM_HEAD_SIZE + 4 * DSM_RUN_MAX. */
uint32_t dsm_message_encode(const struct dsm_message *m, unsigned char *bytes);

/*
 * Reads one message.  Returns its size and fills in *m and *data (NULL if it
 * has none); 0 if more bytes are needed; -EPROTO if this is none.  *m and
 * *data point into bytes, which are 8-aligned.
 */
int dsm_message_decode(const unsigned char *bytes, size_t size,
		       struct dsm_message *m, const unsigned char **data);

#endif
