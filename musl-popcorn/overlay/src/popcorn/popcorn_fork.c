#include <popcorn.h>
#include "fork_impl.h"
#include "syscall.h"

pid_t popcorn_fork(int node)
{
	if (node < 0) return __syscall_ret(-EINVAL);
	return __fork_on(node);
}
