#include <popcorn.h>
#include "syscall.h"
#include "pcn/abi.h"

int popcorn_node_name(int node, char *name, size_t size)
{
	return __syscall_ret(__popcorn_node_name(node, name, size));
}
