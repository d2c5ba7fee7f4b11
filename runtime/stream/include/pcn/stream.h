/*
 * stream.h - the saved process: an ELF core file (docs/FORMATS.md).
 *
 * One format serves moves, forks and checkpoints.  Written by the program
 * itself while its world stands still (runtime/program/save.c), read by the
 * program that takes its place (restore.c) and by the host tools.  This header
 * and its two .c files therefore need no libc: they compile freestanding and
 * hosted alike, and the reader is a pure function over a buffer.
 */
#ifndef PCN_STREAM_H
#define PCN_STREAM_H

#include <pcn/abi.h>

#define PCN_STREAM_VERSION 2u
#define PCN_STREAM_MAGIC   0x6d72747370637000ull /* "\0pcpstrm" */

/* Bounds that the reader enforces: nothing a file says makes it ask for more.
 */
#define PCN_STREAM_HEAD_MAX    (64ul << 20)
#define PCN_STREAM_SEGMENT_MAX 60000u
#define PCN_STREAM_THREAD_MAX  65536u
#define PCN_STREAM_FD_MAX      1048576u

/* --- ELF, as far as the stream needs it ----------------------------------- */

struct pcn_elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct pcn_elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct pcn_elf_note {
	uint32_t name_size, size, type;
	char name[8]; /* "Popcorn" */
};

#define PCN_ELF_CORE 4
#define PCN_ELF_LOAD 1
#define PCN_ELF_NOTE 4

/* --- Notes ---------------------------------------------------------------- */

/* In the file these count from PCN_NOTE_BASE: debuggers take small types for
 * registers, whatever the note's name. */
enum pcn_stream_note {
	PCN_NOTE_INFO = 1,	  /* one struct pcn_stream_info; always first */
	PCN_NOTE_THREADS = 2,	  /* struct pcn_stream_thread[] */
	PCN_NOTE_DESCRIPTORS = 3, /* struct pcn_stream_descriptor[] */
	PCN_NOTE_FRAMES = 4,	  /* struct pcn_stream_frame[] */
	PCN_NOTE_STRINGS = 5,	  /* NUL-terminated, offset 0 is "" */
};
#define PCN_NOTE_BASE  0x50430000u
#define PCN_NOTE_KINDS 6u

struct pcn_stream_timer { /* struct itimerval */
	int64_t interval_s, interval_us, value_s, value_us;
};

struct pcn_stream_limit {
	uint64_t soft, hard;
};

#define PCN_STREAM_TIMERS 3u
#define PCN_STREAM_LIMITS 16u

struct pcn_stream_info {
	uint64_t magic;
	uint32_t version, abi_version;
	uint8_t build_id[32];
	char isa[16]; /* that saved it */
	char node[PCN_NODE_NAME];
	uint64_t saved_ns;     /* CLOCK_REALTIME */
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC of the node that saved it */
	uint64_t memory_bytes; /* sum of the PT_LOADs' file sizes */
	uint32_t threads, frames;
	int32_t pid; /* what getpid() says */
	uint32_t umask;
	uint32_t cwd, exe; /* strings */
	struct pcn_stream_timer timers[PCN_STREAM_TIMERS];
	struct pcn_stream_limit limits[PCN_STREAM_LIMITS];
	uint64_t reserved_pending;
	uint64_t forked; /* fork: the only thread's struct, else 0 */
	/* Of the whole file, with 0 in here; 0: none (moves and forks). */
	uint64_t checksum;
	uint64_t reserved[7];
};

struct pcn_stream_thread {
	uint64_t address; /* of its struct pcn_thread */
	uint64_t chain;	  /* outermost record */
	int32_t tid;
	uint32_t frames;
};

enum pcn_descriptor_kind {
	PCN_FD_FILE = 1,      /* regular file: path, flags, offset */
	PCN_FD_DIRECTORY = 2, /* path */
	PCN_FD_DEVICE = 3,    /* character or block device: path, flags */
	PCN_FD_TERMINAL = 4,  /* 0-2 take the restorer's, others by path */
	PCN_FD_PIPE = 5,
	PCN_FD_SOCKET = 6,
	PCN_FD_OTHER = 7, /* eventfd, epoll, memfd, deleted file ... */
};

struct pcn_stream_descriptor {
	int32_t fd;
	uint32_t kind;	   /* enum pcn_descriptor_kind */
	uint32_t fd_flags; /* FD_CLOEXEC */
	uint32_t flags;	   /* O_*, asm-generic numbers */
	uint64_t offset;
	uint32_t path;	 /* string */
	int32_t same_as; /* shares its open file with this lower one; or -1 */
};

struct pcn_stream_frame {
	uint64_t record;
	uint32_t thread; /* index into the threads */
	uint32_t function, site;
	uint32_t name; /* string */
};

_Static_assert(sizeof(struct pcn_elf_header) == 64, "ELF header");
_Static_assert(sizeof(struct pcn_elf_segment) == 56, "ELF segment");
_Static_assert(sizeof(struct pcn_elf_note) == 20, "ELF note");
_Static_assert(sizeof(struct pcn_stream_info) == 576, "info note");
_Static_assert(sizeof(struct pcn_stream_thread) == 24, "thread note");
_Static_assert(sizeof(struct pcn_stream_descriptor) == 32, "descriptor note");
_Static_assert(sizeof(struct pcn_stream_frame) == 24, "frame note");

/* --- Reading -------------------------------------------------------------- */

/* A parsed head; all pointers are into the caller's buffer. */
struct pcn_stream {
	const uint8_t *head;
	uint64_t head_size, file_size;
	const struct pcn_elf_segment *segments; /* PT_LOADs only */
	uint32_t segment_count;
	const struct pcn_stream_info *info;
	const struct pcn_stream_thread *threads;
	uint32_t thread_count;
	const struct pcn_stream_descriptor *descriptors;
	uint32_t descriptor_count;
	const struct pcn_stream_frame *frames;
	uint32_t frame_count;
	const char *strings;
	uint32_t strings_size;
	const char *why; /* what is wrong, when a function fails */
};

/*
 * How many bytes from the start of the file hold everything but the memory.
 * first: its first 64 bytes and the segment after them (PCN_STREAM_PEEK).
 * Returns 0 and *size, or -EINVAL with s->why.
 */
#define PCN_STREAM_PEEK 120u
int pcn_stream_head_size(struct pcn_stream *s, const void *first,
			 uint64_t file_size, uint64_t *size);
/*
 * Checks a head of head_size bytes (as told above; 8-byte aligned) of a file
 * of file_size bytes and fills in *s.  Everything that it lets pass lies
 * within its bounds: segments are page-aligned, sorted, apart, inside the
 * portable windows and the file; strings end; indexes are in range.
 * Returns 0, or -EINVAL with s->why.
 */
int pcn_stream_parse(struct pcn_stream *s, const void *head, uint64_t head_size,
		     uint64_t file_size);
/*
 * Checks the process's own table of its memory against the windows and the
 * segments.  process must be PCN_STATE-sized or hold at least vma_count vmas.
 */
int pcn_stream_check_process(struct pcn_stream *s,
			     const struct pcn_process *process);
/* The string at this offset; offsets out of range give "". */
const char *pcn_stream_string(const struct pcn_stream *s, uint32_t offset);
/* May its memory come when the process runs already (docs/FORMATS.md, "Links")?
 * The state may not, nor what is little of the executable's data. */
int pcn_stream_is_late(const struct pcn_elf_segment *segment);
/* The file offset of size bytes of memory at address, or 0 if the stream does
 * not hold them all in one segment (they are zero, or not mapped). */
uint64_t pcn_stream_find(const struct pcn_stream *s, uint64_t address,
			 uint64_t size);
/* The map that holds all of [address, address + size), or NULL. */
const struct pcn_vma *pcn_stream_vma(const struct pcn_process *process,
				     uint64_t address, uint64_t size);

/* --- Writing -------------------------------------------------------------- */

/* What goes into a head.  The caller owns all arrays. */
struct pcn_stream_head {
	struct pcn_stream_info *info;
	const struct pcn_stream_thread *threads;
	uint32_t thread_count;
	const struct pcn_stream_descriptor *descriptors;
	uint32_t descriptor_count;
	const struct pcn_stream_frame *frames;
	uint32_t frame_count;
	const char *strings;
	uint32_t strings_size;
	/* vaddr, filesz and flags are the caller's; offsets are filled in. */
	struct pcn_elf_segment *segments;
	uint32_t segment_count;
	uint16_t machine; /* e_machine */
};

/* Bytes that the head takes, to the page boundary where memory starts. */
uint64_t pcn_stream_layout(const struct pcn_stream_head *h);
/* Writes the head into `out` of pcn_stream_layout() zeroed bytes, and the
 * segments' file offsets into both `out` and h->segments.  Returns the size
 * of the whole file. */
uint64_t pcn_stream_build(struct pcn_stream_head *h, void *out);

/* --- Checksum ---------------------------------------------------------------
 */

#define PCN_CHECKSUM_BLOCK 32u

struct pcn_checksum { /* all zero to begin with */
	uint64_t lanes[4];
};

/* size: a multiple of PCN_CHECKSUM_BLOCK. */
void pcn_checksum_add(struct pcn_checksum *c, const void *data, uint64_t size);
uint64_t pcn_checksum_end(const struct pcn_checksum *c);
/* Where it stands in the file. */
uint64_t pcn_stream_checksum_offset(uint32_t segment_count);

#endif
