/*
 * Descriptors kept back, for what must not fail for want of one: to hear of a
 * command at all, to look at the threads of a process and whether it lives.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <fcntl.h>
#include <unistd.h>

bool reserve_take(struct agent *a)
{
	for (; a->reserved < AGENT_RESERVE; a->reserved++) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return false;
		a->reserve[a->reserved] = fd;
	}
	return true;
}

void reserve_give(struct agent *a)
{
	while (a->reserved)
		close(a->reserve[--a->reserved]);
}
