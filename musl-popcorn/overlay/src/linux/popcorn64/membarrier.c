#include <sys/membarrier.h>
#include "pthread_impl.h"
#include "syscall.h"

int __membarrier(int cmd, int flags)
{
	return syscall(SYS_membarrier, cmd, flags);
}

weak_alias(__membarrier, membarrier);
