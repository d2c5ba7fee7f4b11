#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_checkpoint(const char *path)
{
	int r = __popcorn_ask_checkpoint(path, 1);

	if (!r) {
		__popcorn_poll();
		r = __popcorn_answer();
	}
	return __syscall_ret(r);
}
