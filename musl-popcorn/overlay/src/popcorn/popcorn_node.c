#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_node(void)
{
	return __syscall_ret(__popcorn_node_current());
}
