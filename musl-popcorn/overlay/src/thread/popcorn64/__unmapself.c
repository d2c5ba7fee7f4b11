#include "pthread_impl.h"
#include "pcn/abi.h"

void __unmapself(void *base, size_t size)
{
	__popcorn_unmap_exit(base, size);
}
