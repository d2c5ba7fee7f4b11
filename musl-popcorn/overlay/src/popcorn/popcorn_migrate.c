#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_migrate(int node)
{
	int r;

	if (node == __popcorn_node_home()) return 0;
	do {
		r = __popcorn_ask_move(node);
		if (r) break;
		__popcorn_poll();
		r = __popcorn_answer();
	} while (r == -PCN_ERESTART);
	return __syscall_ret(r < 0 ? r : 0);
}
