/*
 * Gives the calling thread's thread-local variables their first values, but
 * for libc's own and the side-stack pointer, which live among them.  These
 * are not touched even for a moment: other threads read and write a thread's
 * struct pthread at any time, and signals come.
 */
#include <string.h>
#include "pthread_impl.h"
#include "pcn/abi.h"

extern _Thread_local void *__popcorn_side_sp
	__attribute__((__tls_model__("local-exec")));

/* Resets the bytes from..to of the thread's image, which begins at start. */
static void reset(char *start, size_t from, size_t to)
{
	const struct pcn_tls_image *tls = __popcorn_tls_image();
	const char *image = tls->image;
	size_t data = to < tls->file_size ? to : tls->file_size;

	if (from < data) {
		memcpy(start + from, image + from, data - from);
		from = data;
	}
	if (from < to) memset(start + from, 0, to - from);
}

void __reset_tls(void)
{
	const struct pcn_tls_image *tls = __popcorn_tls_image();
	struct pthread *self = __pthread_self();
	char *start = (char *)self - __popcorn_pthread_offset + tls->align;
	size_t thread = (char *)self - start;
	size_t pointer = (char *)&__popcorn_side_sp - start;

	if (thread < pointer) {
		reset(start, 0, thread);
		reset(start, thread + sizeof *self, pointer);
		reset(start, pointer + sizeof(void *), tls->memory_size);
	} else {
		reset(start, 0, pointer);
		reset(start, pointer + sizeof(void *), thread);
		reset(start, thread + sizeof *self, tls->memory_size);
	}
}
