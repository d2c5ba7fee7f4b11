#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_checkpoint(const char *path)
{
	int r;

	do {
		r = __popcorn_ask_checkpoint(path, 1);
		if (r) break;
		__popcorn_poll();
		r = __popcorn_answer();
	} while (r == -PCN_ERESTART);
	return __syscall_ret(r);
}
