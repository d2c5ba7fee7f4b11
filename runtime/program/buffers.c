/*
 * buffers.c - what each system call's arguments point to, by buffers.def, goes
 * to the kernel as a copy in memory of this process alone.
 *
 * The kernel cannot wait for a page of the program's where userfaultfd is for
 * user mode only: its access fails, perhaps when half of the call is done.
 */
#include "away.h"
#include "buffers.h"
#include "late.h"

#include <linux/capability.h>

#define CALL_MAX 451
#define NONE	 255

/* Somebody else may want the same page all the time. */
#define TRIES	   1000
#define LOCK_TRIES 8

enum {
	BITS = 250,
	PAGES,
	SELF,
	HANDLE,
	CAPABILITY,
};

enum kind { NOTHING, TEXT, IN_, OUT_, INOUT_, RESULT_, LENGTH_, FILTER_ };

struct buffer {
	uint8_t kind, argument, counted, unit;
	uint16_t size;
};

#define STRING(i)		{TEXT, i, NONE, 0, 0}
#define IN(i, size)		{IN_, i, NONE, 0, size}
#define OUT(i, size)		{OUT_, i, NONE, 0, size}
#define INOUT(i, size)		{INOUT_, i, NONE, 0, size}
#define IN_OF(i, n, unit)	{IN_, i, n, unit, 0}
#define OUT_OF(i, n, unit)	{OUT_, i, n, unit, 0}
#define INOUT_OF(i, n, unit)	{INOUT_, i, n, unit, 0}
#define RESULT_OF(i, n, unit)	{RESULT_, i, n, unit, 0}
#define LENGTH(i, n)		{LENGTH_, i, n, 0, 0}
#define FILTER(i)		{FILTER_, i, NONE, 0, 0}
#define IN_PLUS(i, n, size)	{IN_, i, n, 1, size}
#define RESULT_PLUS(i, n, size) {RESULT_, i, n, 1, size}
#define BUFFERS_MAX		5

enum way { STRAIGHT_WAY, BUFFERS_WAY, COMMAND_WAY, SPECIAL_WAY };

struct entry {
	uint8_t way, command; /* which argument is one */
	struct buffer buffers[BUFFERS_MAX];
	pcn_special *special;
};

struct command {
	uint16_t number;
	uint32_t value;
	struct buffer buffers[2];
};

/* --- The tables ----------------------------------------------------------- */

static const struct entry table[CALL_MAX] = {
#define STRAIGHT(name) [PCN_CALL_NUMBER_##name] = {.way = STRAIGHT_WAY},
#define BUFFERS(name, ...)                                                     \
	[PCN_CALL_NUMBER_##name] = {BUFFERS_WAY, 0, {__VA_ARGS__}, 0},
#define BY_COMMAND(name, n)                                                    \
	[PCN_CALL_NUMBER_##name] = {.way = COMMAND_WAY, .command = n},
#define SPECIAL(name, f)                                                       \
	[PCN_CALL_NUMBER_##name] = {.way = SPECIAL_WAY, .special = f},
#define COMMAND(name, value, ...)
#include "buffers.def"
#undef STRAIGHT
#undef BUFFERS
#undef BY_COMMAND
#undef SPECIAL
#undef COMMAND
};

static const struct command commands[] = {
#define STRAIGHT(name)
#define BUFFERS(name, ...)
#define BY_COMMAND(name, n)
#define SPECIAL(name, f)
#define COMMAND(name, value, ...)                                              \
	{PCN_CALL_NUMBER_##name, value, {__VA_ARGS__}},
#include "buffers.def"
#undef STRAIGHT
#undef BUFFERS
#undef BY_COMMAND
#undef SPECIAL
#undef COMMAND
};

/* Each call has a line there. */
enum {
#define STRAIGHT(name)	    HAS_##name,
#define BUFFERS(name, ...)  HAS_##name,
#define BY_COMMAND(name, n) HAS_##name,
#define SPECIAL(name, f)    HAS_##name,
#define COMMAND(name, value, ...)
#include "buffers.def"
};
#define CALL(kind, name, number) _Static_assert(HAS_##name >= 0, #name);
#define AWAY(place, name, number, condition)
#define OWN(name, number, function) _Static_assert(HAS_##name >= 0, #name);
#include "syscalls.def"
#undef AWAY

/* --- Copies --------------------------------------------------------------- */

/* A size that is in what the argument points to; 0 if there is none. */
static uint64_t size_inside(const struct pcn_call *call, const struct buffer *u,
			    uint64_t least)
{
	uint64_t at = (uint64_t)call->a[u->argument];

	if (u->unit == CAPABILITY)
		at = (uint64_t)call->a[u->counted];
	if (pcn_bounce_mapped(at, least, false) < least)
		return 0;
	return *(const uint32_t *)at;
}

static uint64_t size_of(const struct pcn_call *call, const struct buffer *u)
{
	uint64_t n;

	if (u->counted == NONE)
		return u->size;
	n = (uint64_t)call->a[u->counted];
	switch (u->unit) {
	case BITS:
		return (uint64_t)((int32_t)n + 63) / 64 * 8;
	case PAGES:
		return PCN_ALIGN_UP(n, PCN_PAGE_SIZE) / PCN_PAGE_SIZE;
	case SELF: /* struct sched_attr */
		n = size_inside(call, u, 4);
		return !n ? 48 : n > PCN_PAGE_SIZE ? 4 : n;
	case HANDLE: /* struct file_handle */
		n = size_inside(call, u, 8);
		return n > 128 ? 8 : 8 + n;
	case CAPABILITY:
		n = size_inside(call, u, 8);
		return n == _LINUX_CAPABILITY_VERSION_1 ? 12 : 24;
	default:
		/* The kernel refuses what is less than nothing. */
		return (int64_t)n < 0 ? n : u->size + n * u->unit;
	}
}

struct filter {		/* struct sock_fprog */
	uint64_t count; /* 16 bits, the rest is not looked at */
	int64_t code;
};

static void bring_filter(struct pcn_bounce *b, long *argument)
{
	struct filter *f;

	pcn_bounce_in(b, argument, sizeof *f);
	if (b->err || !*argument)
		return;
	f = pcn_bounce_take(b, sizeof *f);
	if (!f)
		return;
	*f = *(const struct filter *)*argument;
	pcn_bounce_in(b, (long *)&f->code, (f->count & 0xffff) * 8);
	*argument = (long)f;
}

static void bring(struct pcn_bounce *b, struct pcn_call *call,
		  const struct buffer *u)
{
	long *argument = &call->a[u->argument];
	uint64_t size, room = pcn_bounce_room(b);

	switch (u->kind) {
	case TEXT:
		pcn_bounce_text(b, argument);
		return;
	case LENGTH_:
		pcn_bounce_length(b, argument, &call->a[u->counted]);
		return;
	case FILTER_:
		bring_filter(b, argument);
		return;
	}
	size = size_of(call, u);
	switch (u->kind) {
	case IN_:
		pcn_bounce_in(b, argument, size);
		return;
	case OUT_:
	case INOUT_:
		pcn_bounce_inout(b, argument, size, u->kind == OUT_);
		return;
	case RESULT_:
		/* Less is a smaller answer, or an error that says so. */
		if ((int64_t)size > (int64_t)room &&
		    pcn_bounce_is_shared(*argument)) {
			call->a[u->counted] = (room - u->size) / u->unit;
			size = size_of(call, u);
		}
		pcn_bounce_result(b, argument, size, u->size, u->unit);
	}
}

static long by_table(struct pcn_call *call, pcn_make *make,
		     const struct buffer *buffers, uint32_t count)
{
	struct pcn_bounce b;
	long result = 0;

	pcn_bounce_begin(&b, call->native);
	for (uint32_t i = 0; i < count && buffers[i].kind && !b.err; i++)
		bring(&b, call, &buffers[i]);
	if (!b.err)
		result = make(call);
	return pcn_bounce_end(&b, result);
}

/* What an argument points to, and as far as the next page: a longer structure
 * is none that is known. */
static bool touch_arguments(const struct pcn_call *call)
{
	bool any = false;

	for (int i = 0; i < 6; i++)
		for (uint64_t at = 0; at <= PCN_PAGE_SIZE; at += PCN_PAGE_SIZE)
			any |= pcn_bounce_touch(call->a[i] + at, true) ||
			       pcn_bounce_touch(call->a[i] + at, false);
	return any;
}

static long until_found(struct pcn_call *call, pcn_make *make)
{
	const struct pcn_call as_asked = *call;
	long result = make(call);

	for (int i = 0; i < TRIES && result == -EFAULT; i++) {
		*call = as_asked;
		if (!touch_arguments(call))
			break;
		result = make(call);
	}
	return result;
}

static long by_command(struct pcn_call *call, pcn_make *make, int argument)
{
	uint32_t value = (uint32_t)call->a[argument];

	for (uint32_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i].number == call->number &&
		    commands[i].value == value)
			return by_table(call, make, commands[i].buffers, 2);
	return until_found(call, make);
}

long pcn_buffers_call(struct pcn_call *call, pcn_make *make)
{
	const struct entry *entry = &table[call->number];

	if (!pcn_shared && pcn_late_over(call))
		return make(call);
	switch (entry->way) {
	case BUFFERS_WAY:
		return by_table(call, make, entry->buffers, BUFFERS_MAX);
	case COMMAND_WAY:
		return by_command(call, make, entry->command);
	case SPECIAL_WAY:
		return entry->special(call, make);
	default:
		return make(call);
	}
}

/* --- Calls of their own kind ---------------------------------------------- */

/* What the kernel keeps of the pages themselves. */
long pcn_buffers_refuse(struct pcn_call *call, pcn_make *make)
{
	(void)make;
	pcn_log(PCN_LOG_INFO,
		"system call %ld is not offered to a plain user "
		"while threads are on other nodes",
		call->number);
	return -ENOSYS;
}

/* The kernel looks at each page, for reading. */
long pcn_buffers_lock(struct pcn_call *call, pcn_make *make)
{
	uint64_t start = PCN_ALIGN_DOWN(call->a[0], PCN_PAGE_SIZE);
	uint64_t end = (uint64_t)call->a[0] + (uint64_t)call->a[1];
	long result = make(call);

	for (int i = 0; i < LOCK_TRIES && result == -ENOMEM; i++) {
		for (uint64_t at = start; at < end; at += PCN_PAGE_SIZE)
			if (!pcn_bounce_touch(at, false))
				return result;
		result = make(call);
	}
	return result;
}

/* Newer commands say what they point to; older ones are in the table, as are
 * those of network interfaces: struct ifreq. */
long pcn_buffers_ioctl(struct pcn_call *call, pcn_make *make)
{
	uint32_t command = (uint32_t)call->a[1];
	struct buffer one[1] = {INOUT(2, command >> 16 & 0x3fff)};

	if (command >= 0x8910 && command < 0x8a00 &&
	    command != 0x8912 /* SIOCGIFCONF */)
		one->size = 40;
	if (!one->size || !(command >> 30 || one->size == 40))
		return by_command(call, make, 1);
	return pcn_bounce_mapped(call->a[2], one->size, false) == one->size
		       ? by_table(call, make, one, 1)
		       : make(call);
}

long pcn_buffers_setsockopt(struct pcn_call *call, pcn_make *make)
{
	static const struct buffer filter[] = {FILTER(3)};
	static const struct buffer plain[] = {IN_OF(3, 4, 1)};
	bool is_filter = call->a[1] == 1 /* SOL_SOCKET */ &&
			 (call->a[2] == 26 /* SO_ATTACH_FILTER */ ||
			  call->a[2] == 51 /* SO_ATTACH_REUSEPORT_CBPF */);

	return by_table(call, make, is_filter ? filter : plain, 1);
}

#define IPC_STAT 2
#define GETALL	 13
#define SETALL	 17

long pcn_buffers_semctl(struct pcn_call *call, pcn_make *make)
{
	struct buffer all[1] = {OUT(3, 0)};
	struct pcn_native_semid semid = {.nsems = 0};
	long result;

	if (call->a[2] != GETALL && call->a[2] != SETALL)
		return by_command(call, make, 2);
	result = pcn_sys(__NR_semctl, call->a[0], 0, IPC_STAT, &semid);
	if (result < 0)
		return result;
	all->kind = call->a[2] == SETALL ? IN_ : OUT_;
	all->size = (uint16_t)(2 * semid.nsems);
	return by_table(call, make, all, 1);
}

/* --- Executing ------------------------------------------------------------ */

#define ARGUMENT_MAX (128ul << 10) /* MAX_ARG_STRLEN */

/* The whole of one list; *room is what is left of the memory at *to, and of no
 * use if that is NULL: then it says how much is wanted. */
static long bring_list(long *list, char **to, uint64_t *size)
{
	const uint64_t *from = (const uint64_t *)*list;
	uint64_t count = 0, *copy = (uint64_t *)*to;

	if (!from)
		return 0;
	do
		if (pcn_bounce_mapped((uint64_t)&from[count], 8, false) < 8)
			return -EFAULT;
	while (from[count++]);
	*size += 8 * count;
	if (copy)
		*to += 8 * count;
	for (uint64_t i = 0; i < count; i++) {
		const char *text = (const char *)from[i];
		uint64_t n = 0, readable;

		if (copy)
			copy[i] = from[i];
		if (!pcn_bounce_is_shared(from[i]))
			continue;
		readable = pcn_bounce_mapped(from[i], ARGUMENT_MAX, false);
		while (n < readable && text[n])
			n++;
		if (n == readable)
			return n < ARGUMENT_MAX ? -EFAULT : -E2BIG;
		n = PCN_ALIGN_UP(n + 1, 8);
		*size += n;
		if (!copy)
			continue;
		copy[i] = (uint64_t)*to;
		pcn_strcopy(*to, text, n);
		*to += n;
	}
	if (copy)
		*list = (long)copy;
	return 0;
}

static long bring_lists(long *lists, char *memory, uint64_t *size)
{
	long result;

	*size = 0;
	result = bring_list(&lists[0], &memory, size);
	return result ? result : bring_list(&lists[1], &memory, size);
}

/* Returns if it cannot be done. */
long pcn_buffers_execute(struct pcn_call *call, pcn_make *make)
{
	int path = call->number == PCN_CALL_NUMBER_execveat;
	struct pcn_bounce b;
	uint64_t size;
	int64_t memory;
	long result;

	result = bring_lists(&call->a[path + 1], NULL, &size);
	if (result)
		return result;
	memory = pcn_private_map(size + 8);
	if (pcn_is_error(memory))
		return memory;
	pcn_bounce_begin(&b, call->native);
	pcn_bounce_text(&b, &call->a[path]);
	if (!b.err)
		result = bring_lists(&call->a[path + 1], (char *)memory, &size);
	if (!b.err && !result)
		result = make(call);
	pcn_private_unmap((uint64_t)memory, size + 8);
	return pcn_bounce_end(&b, result);
}
