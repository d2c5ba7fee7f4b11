/*
 * Gives the calling thread's thread-local variables their first values, but
 * for libc's own and the side-stack pointer, which live among them.
 */
#include <string.h>
#include "pthread_impl.h"
#include "pcn/abi.h"

extern _Thread_local void *__popcorn_side_sp
	__attribute__((__tls_model__("local-exec")));

void __reset_tls(void)
{
	const struct pcn_tls_image *tls = __popcorn_tls_image();
	struct pthread *self = __pthread_self(), saved = *self;
	void *side_sp = __popcorn_side_sp;
	char *start = (char *)self - __popcorn_pthread_offset + tls->align;

	memcpy(start, tls->image, tls->file_size);
	memset(start + tls->file_size, 0, tls->memory_size - tls->file_size);
	__popcorn_side_sp = side_sp;
	*self = saved;
}
