#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_migrate_thread(int node)
{
	int r;

	if (node == __popcorn_node_current()) return 0;
	r = __popcorn_ask_thread(node);
	if (!r) {
		__popcorn_poll();
		r = __popcorn_answer();
	}
	return __syscall_ret(r < 0 ? r : 0);
}
