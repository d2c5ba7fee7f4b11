#include <signal.h>
#include "pthread_impl.h"
#include "libc.h"

/*
 * Runs func in every thread.  With several threads that takes handlers that
 * wait for one another, and a request that stops the world in between would
 * never see all threads arrive.  So only a single thread is served; callers
 * report that they did not run (see the patch to setxid and setgroups).
 */
void __synccall(void (*func)(void *), void *context)
{
	if (!libc.threads_minus_1) func(context);
}
