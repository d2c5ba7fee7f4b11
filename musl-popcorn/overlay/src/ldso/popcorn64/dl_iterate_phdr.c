/*
 * The program's segments as every ISA has them.  A slice's own headers, which
 * also tell of the run time and of native code, are another ISA's after a move.
 */
#include <elf.h>
#include <link.h>
#include "pthread_impl.h"
#include "pcn/abi.h"

/* Of the linker script. */
extern char __popcorn_portable_data_start[], edata[], end[];
extern char __popcorn_portable_read_start[], __popcorn_portable_read_end[];
extern char __executable_start[], etext[];

static void describe(ElfW(Phdr) *p, unsigned flags, const char *start,
		     const char *file_end, const char *memory_end)
{
	*p = (ElfW(Phdr)){
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_vaddr = (uintptr_t)start,
		.p_paddr = (uintptr_t)start,
		.p_filesz = file_end - start,
		.p_memsz = memory_end - start,
		.p_align = PCN_PAGE_SIZE,
	};
}

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t size,
				    void *data), void *data)
{
	const struct pcn_tls_image *tls = __popcorn_tls_image();
	ElfW(Phdr) headers[4];
	struct dl_phdr_info info = {
		.dlpi_name = "/proc/self/exe",
		.dlpi_phdr = headers,
		.dlpi_phnum = 4,
		.dlpi_tls_modid = 1,
		.dlpi_tls_data = __tls_get_addr((tls_mod_off_t[]){1, 0}),
	};

	describe(&headers[0], PF_R | PF_W, __popcorn_portable_data_start,
		 edata, end);
	describe(&headers[1], PF_R, __popcorn_portable_read_start,
		 __popcorn_portable_read_end, __popcorn_portable_read_end);
	describe(&headers[2], PF_R | PF_X, __executable_start, etext, etext);
	headers[3] = (ElfW(Phdr)){
		.p_type = PT_TLS,
		.p_flags = PF_R,
		.p_vaddr = (uintptr_t)tls->image,
		.p_paddr = (uintptr_t)tls->image,
		.p_filesz = tls->file_size,
		.p_memsz = tls->memory_size,
		.p_align = tls->align,
	};
	return callback(&info, sizeof info, data);
}
