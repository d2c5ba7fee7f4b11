#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_nodes(void)
{
	return __syscall_ret(__popcorn_node_count());
}
