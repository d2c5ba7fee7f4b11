/*
 * start.c - from the kernel's entry to the program's.
 *
 * The program sees a start stack of its own, in portable memory: arguments,
 * environment and an auxiliary vector that would be true on any node.  It runs
 * on a machine stack of the run time's, not on the kernel's, whose size an
 * other ISA could find too small.
 */
#include "away.h"
#include "channel.h"
#include "movable.h"

#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#define AT_FDCWD       -100
#define SIDE_STACK_MAX (1ul << 30)
#define SIDE_STACK     (8ul << 20)
#define AUX_MAX	       20

struct pcn_image pcn_image;
uint64_t pcn_self_interval, pcn_self_seed, pcn_self_pause_us;
uint64_t pcn_spread_interval, pcn_roam_interval;
bool pcn_check, pcn_trace;

static char **environment;
static uint64_t *auxiliary;
static struct pcn_tls_image tls_image;

/* An absolute symbol: its address is the value. */
extern char __popcorn_tls_span[];

extern const struct pcn_note __popcorn_note;

/* The portable entry, in libc. */
void __popcorn_start_c(long *stack);

__attribute__((section(".popcorn.control"), aligned(PCN_PAGE_SIZE),
	       used)) union {
	struct pcn_control control;
	uint8_t page[PCN_PAGE_SIZE];
} pcn_control_page = {.control = {0}};

__asm__(".globl __popcorn_control\n"
	".set __popcorn_control, pcn_control_page\n"
	".globl __popcorn_poll_flag\n"
	".set __popcorn_poll_flag, pcn_control_page\n");

const char *pcn_getenv(const char *name)
{
	size_t n = pcn_strlen(name);

	for (char **e = environment; *e; e++)
		if (pcn_strprefix(*e, name) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

uint64_t pcn_getauxval(uint64_t type)
{
	for (uint64_t *a = auxiliary; a[0]; a += 2)
		if (a[0] == type)
			return a[1];
	return 0;
}

const struct pcn_tls_image *__popcorn_tls_image(void)
{
	return &tls_image;
}

/* What is no number is as good as not there; said when the program begins, not
 * again on every node. */
static const char *nonsense;

static uint64_t number_setting(const char *name, uint64_t otherwise)
{
	const char *value = pcn_getenv(name), *end;
	uint64_t number;

	if (!value || !*value)
		return otherwise;
	number = pcn_strtou(value, &end);
	if (!*end && end - value < 20)
		return number;
	nonsense = name;
	return otherwise;
}

static void read_settings(void)
{
	uint64_t level = number_setting("POPCORN_LOG", PCN_LOG_WARN);

	pcn_log_limit = level > PCN_LOG_DEBUG ? PCN_LOG_DEBUG : (int)level;
	pcn_self_interval = number_setting("POPCORN_SELF", 0);
	pcn_self_seed = number_setting("POPCORN_SELF_SEED", 0);
	pcn_self_pause_us = number_setting("POPCORN_SELF_PAUSE", 0);
	pcn_spread_interval = number_setting("POPCORN_SPREAD", 0);
	pcn_roam_interval = number_setting("POPCORN_ROAM", 0);
	pcn_check = number_setting("POPCORN_CHECK", 0) != 0;
	pcn_trace = number_setting("POPCORN_TRACE", 0) != 0;
}

static void reverse(uint64_t *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count / 2; i++) {
		uint64_t other = entries[count - 1 - i];

		entries[count - 1 - i] = entries[i];
		entries[i] = other;
	}
}

/*
 * .eh_frame_hdr: {version and encodings, .eh_frame, count}, then {pc, FDE} as
 * offsets from itself, in order.  lld orders them as unsigned numbers,
 * unwinders search them as signed ones, and our table lies above the portable
 * text: the negative half has to come first.
 */
static void order_unwind_table(int32_t *table)
{
	uint64_t *entries = (uint64_t *)(table + 3),
		 start = PCN_ALIGN_DOWN(table, PCN_PAGE_SIZE);
	uint32_t count = table[2], positive = 0;

	while (positive < count && (int32_t)entries[positive] >= 0)
		positive++;
	if (positive == 0 || positive == count)
		return;
	if (pcn_sys(__NR_mprotect, start, (uint64_t)(entries + count) - start,
		    PROT_READ | PROT_WRITE))
		pcn_die("cannot put the unwind table in order");
	reverse(entries, positive);
	reverse(entries + positive, count - positive);
	reverse(entries, count);
	pcn_sys(__NR_mprotect, start, (uint64_t)(entries + count) - start,
		PROT_READ);
}

static void read_image(void)
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)pcn_getauxval(AT_PHDR);
	uint64_t count = pcn_getauxval(AT_PHNUM);

	pcn_image.image_start = UINT64_MAX;
	tls_image.span = (uint64_t)__popcorn_tls_span;
	for (; count; count--, p++) {
		uint64_t start = PCN_ALIGN_DOWN(p->p_vaddr, PCN_PAGE_SIZE);
		uint64_t end =
			PCN_ALIGN_UP(p->p_vaddr + p->p_memsz, PCN_PAGE_SIZE);

		if (p->p_type == PT_GNU_EH_FRAME)
			pcn_image.eh_frame_hdr = p->p_vaddr;
		if (p->p_type == PT_TLS) {
			tls_image.image = (const void *)p->p_vaddr;
			tls_image.file_size = p->p_filesz;
			tls_image.memory_size = p->p_memsz;
			tls_image.align = p->p_align;
		}
		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		if (start < pcn_image.image_start)
			pcn_image.image_start = start;
		if (end > pcn_image.image_end)
			pcn_image.image_end = end;
		if ((p->p_flags & PF_W) && p->p_vaddr < PCN_NATIVE_BASE) {
			if (!pcn_image.data_start ||
			    start < pcn_image.data_start)
				pcn_image.data_start = start;
			if (end > pcn_image.data_end)
				pcn_image.data_end = end;
		}
	}
	if (!pcn_image.eh_frame_hdr)
		pcn_die("the executable has no unwind table");
	order_unwind_table((int32_t *)pcn_image.eh_frame_hdr);
}

/* A TLS block in memory at `block`, with nothing in it but its control block.
 */
static struct pcn_thread *make_block(uint64_t block)
{
	uint64_t span = (uint64_t)__popcorn_tls_span;
	struct pcn_thread *thread = (struct pcn_thread *)(block + span);
	/* What both ISAs place where: the image behind the gap. */
	memcpy((void *)(block + tls_image.align), tls_image.image,
	       tls_image.file_size);
	thread->self = thread;
	thread->block = block;
	thread->state = PCN_THREAD_RUNNING;
	return thread;
}

static uint64_t block_size(void)
{
	return (uint64_t)__popcorn_tls_span + sizeof(struct pcn_thread);
}

/* --- the start stack --- */

/* Copies text below *top. */
static char *push(uint64_t *top, const void *from, size_t size)
{
	*top -= size;
	return memcpy((void *)*top, from, size);
}

static uint64_t side_stack_size(void)
{
	struct rlimit limit = {0, 0};

	pcn_sys(__NR_prlimit64, 0, RLIMIT_STACK, NULL, &limit);
	if (limit.rlim_cur < SIDE_STACK)
		return SIDE_STACK;
	if (limit.rlim_cur > SIDE_STACK_MAX)
		return SIDE_STACK_MAX;
	return PCN_ALIGN_UP(limit.rlim_cur, PCN_PAGE_SIZE);
}

static size_t portable_auxiliary(uint64_t *to, uint64_t *top)
{
	static const uint8_t kept[] = {AT_UID,	AT_EUID,   AT_GID,
				       AT_EGID, AT_SECURE, AT_CLKTCK};
	const char *name = pcn_channel_executable();
	const void *random = (const void *)pcn_getauxval(AT_RANDOM);
	size_t n = 0;

	for (size_t i = 0; i < sizeof kept; i++) {
		to[n++] = kept[i];
		to[n++] = pcn_getauxval(kept[i]);
	}
	to[n++] = AT_PAGESZ;
	to[n++] = PCN_PAGE_SIZE;
	to[n++] = AT_HWCAP;
	to[n++] = 0;
	if (random) {
		to[n++] = AT_RANDOM;
		to[n++] = (uint64_t)push(top, random, 16);
	}
	if (!name[0]) /* what an emulator executes is a slice of it */
		name = (const char *)pcn_getauxval(AT_EXECFN);
	if (name) {
		to[n++] = AT_EXECFN;
		to[n++] = (uint64_t)push(top, name, pcn_strlen(name) + 1);
	}
	to[n++] = AT_NULL;
	to[n++] = 0;
	return n;
}

/* Variables that mean something to this process image only. */
static bool is_private(const char *variable)
{
	return pcn_strprefix(variable, "POPCORN_CHANNEL") ||
	       pcn_strprefix(variable, "POPCORN_CONTROL") ||
	       pcn_strprefix(variable, "POPCORN_USERFAULT") ||
	       pcn_strprefix(variable, "POPCORN_RESTORE");
}

/* Lays a list's strings one behind the other from `to' on, as the kernel does:
 * who changes a process's title counts on it.  Returns how much room they take;
 * without `to' that is all. */
static size_t lay_strings(char **list, bool (*is_left_out)(const char *),
			  char *to, uint64_t **pointers)
{
	size_t size = 0;

	for (; *list; list++) {
		size_t length = pcn_strlen(*list) + 1;

		if (is_left_out && is_left_out(*list))
			continue;
		if (to)
			*(*pointers)++ =
				(uint64_t)memcpy(to + size, *list, length);
		size += length;
	}
	if (to)
		*(*pointers)++ = 0;
	return size;
}

/* Returns where argc stands; the side stack begins below it. */
static uint64_t *make_start_stack(uint64_t top, uint64_t argc, char **argv)
{
	uint64_t aux[AUX_MAX * 2], *out, *start;
	size_t aux_count, env_count = 0;
	char *strings;

	top -= 16;
	aux_count = portable_auxiliary(aux, &top);
	while (environment[env_count])
		env_count++;
	strings = (char *)top - lay_strings(argv, NULL, NULL, NULL) -
		  lay_strings(environment, is_private, NULL, NULL);
	start = out = (uint64_t *)PCN_ALIGN_DOWN(
		(uint64_t)strings - (argc + env_count + 3 + aux_count) * 8, 16);
	*out++ = argc;
	strings += lay_strings(argv, NULL, strings, &out);
	lay_strings(environment, is_private, strings, &out);
	memcpy(out, aux, aux_count * 8);
	return start;
}

/* --- a fresh program --- */

static void make_process(struct pcn_native *native, uint64_t argc, char **argv)
{
	uint64_t size = side_stack_size(), block, side;
	struct pcn_thread *thread;
	int error = pcn_state_map();

	if (error)
		pcn_die("no memory for the process state");
	pcn_process->magic = PCN_PROCESS_MAGIC;
	pcn_process->abi_version = PCN_ABI_VERSION;
	memcpy(pcn_process->build_id, __popcorn_note.build_id,
	       sizeof pcn_process->build_id);
	pcn_process->pid = pcn_sys(__NR_getpid);
	pcn_process->ppid = pcn_sys(__NR_getppid);
	pcn_process->node = pcn_channel_node_current();
	pcn_process->umask = pcn_sys(__NR_umask, 0);
	pcn_sys(__NR_umask, pcn_process->umask);
	pcn_memory_start();
	side = PCN_MMAP_END - size;
	if (pcn_memory_map(side, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				   MAP_FIXED,
			   -1, 0) < 0 ||
	    pcn_memory_map(side - PCN_PAGE_SIZE, PCN_PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) < 0)
		pcn_die("no memory for the main stack (%lu bytes)", size);
	block = pcn_portable_map(block_size(), PROT_READ | PROT_WRITE, 0);
	if (pcn_is_error(block))
		pcn_die("no memory for thread-local storage");
	thread = make_block(block);
	thread->tid = pcn_process->pid;
	thread->side_base = side;
	thread->side_size = size;
	pcn_slot_take(thread, native);
	pcn_process->threads = pcn_process->main_thread = thread;
	pcn_process->thread_count = 1;
	pcn_process->start_stack =
		(uint64_t)make_start_stack(PCN_MMAP_END, argc, argv);
	thread->entry = (uint64_t)__popcorn_start_c;
	thread->argument = pcn_process->start_stack;
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(thread));
	__popcorn_side_sp =
		(void *)PCN_ALIGN_DOWN(pcn_process->start_stack, 16);
	pcn_signals_start();
}

/* A restored program's first thread, until it knows which one it is. */
static void make_nobody(struct pcn_native *native)
{
	int64_t block = pcn_private_map(block_size());
	struct pcn_thread *thread;

	if (block < 0)
		pcn_restore_refuse((int)block,
				   "no memory for thread-local storage");
	thread = make_block(block);
	pcn_slot_bind(thread, native);
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(thread));
}

static void restore(void *unused)
{
	(void)unused;
	pcn_channel_restore();
}

static void serve_node(void *unused)
{
	(void)unused;
	pcn_service();
}

/* Moves to a block that libc made; the old one, which only start-up used, stays
 * in the table of mappings as a small loss. */
void __popcorn_set_tls(void *block)
{
	struct pcn_thread *old = pcn_arch_self();
	struct pcn_native *native = pcn_native_of(old);
	struct pcn_thread *thread =
		(struct pcn_thread *)((uint64_t)block +
				      (uint64_t)__popcorn_tls_span);
	void **old_side = &__popcorn_side_sp;
	void **side =
		(void **)((char *)old_side + ((uint64_t)block - old->block));

	*thread = *old;
	thread->self = thread;
	thread->block = (uint64_t)block;
	*side = *old_side;
	pcn_lock(&pcn_process->lock);
	for (struct pcn_thread **t = &pcn_process->threads; *t; t = &(*t)->next)
		if (*t == old)
			*t = thread;
	if (pcn_process->main_thread == old)
		pcn_process->main_thread = thread;
	native->thread = thread;
	pcn_unlock(&pcn_process->lock);
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(thread));
}

/* The kernel named this process for its emulator, or for the descriptor it was
 * started from. */
static void take_name(void)
{
	const char *path = pcn_channel_executable(), *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	if (*name)
		pcn_sys(__NR_prctl, PR_SET_NAME, name);
}

_Noreturn void pcn_start(uint64_t *stack)
{
	uint64_t argc = stack[0];
	char **argv = (char **)&stack[1];
	struct pcn_native *native;
	int restored;

	environment = argv + argc + 1;
	auxiliary = (uint64_t *)environment;
	while (*auxiliary++)
		;
	read_settings();
	read_image();
	pcn_clock_start();
	pcn_movable_start();
	restored = pcn_channel_start();
	if (restored < 0)
		pcn_die("no channel to the agent (%d)", -restored);
	take_name();
	native = pcn_native_create(4 * side_stack_size());
	if (!native && restored)
		pcn_restore_refuse(-ENOMEM, "no memory for the machine stack");
	if (!native)
		pcn_die("no memory for the machine stack");
	native->alive = 1;
	native->tid = pcn_sys(__NR_set_tid_address, &native->alive);
	if (restored) {
		make_nobody(native);
		pcn_stack_switch((uint64_t)native,
				 pcn_away ? serve_node : restore, NULL);
	}
	if (nonsense)
		pcn_log(PCN_LOG_WARN, "%s is not a number: left out", nonsense);
	make_process(native, argc, argv);
	pcn_poll_settle();
	pcn_stack_switch((uint64_t)native, pcn_thread_run, native);
}
