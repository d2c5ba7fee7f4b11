#include "late.h"

#include "away.h"
#include "channel.h"

#include <linux/futex.h>

int pcn_late_descriptor = -1;

/* An emulated program has no such system call; its emulator has sent one. */
int pcn_late_begin(void)
{
	struct pcn_message m = {.type = PCN_MSG_LATE};
	char why[PCN_CHANNEL_WHY];
	uint32_t count = 1;
	int fd = pcn_userfaultfd_open(true), result;

	if (fd < 0)
		fd = pcn_userfaultfd_open(false);
	result = pcn_channel_question(&m, &fd, fd >= 0, &pcn_late_descriptor,
				      &count, why);
	if (fd >= 0)
		pcn_sys(__NR_close, fd);
	pcn_buffered = result == PCN_LATE_COMES;
	return result;
}

static uint32_t comes(void)
{
	return __atomic_load_n(&__popcorn_control.late, __ATOMIC_ACQUIRE);
}

void pcn_late_wait(void)
{
	if (pcn_shared)
		return;
	while (comes())
		pcn_sys(__NR_futex, &__popcorn_control.late, FUTEX_WAIT, 1, 0,
			0, 0);
	pcn_buffered = false;
}

void pcn_late_end(void)
{
	pcn_late_wait();
	pcn_descriptor_drop(&pcn_late_descriptor);
}

/* Absent pages would be left behind, or be taken for pages that are to be
 * zero; or the kernel is to keep the pages themselves. */
static bool needs_all(const struct pcn_call *call)
{
	enum {
#define CALL(kind, name, number)    NUMBER_##name = number,
#define OWN(name, number, function) NUMBER_##name = number,
#define AWAY(place, name, number, condition)
#include "syscalls.def"
#undef CALL
#undef OWN
#undef AWAY
	};

	switch (call->number) {
	case NUMBER_clone:
	case NUMBER_ioctl:
	case NUMBER_madvise:
	case NUMBER_mincore:
	case NUMBER_mlock:
	case NUMBER_mlock2:
	case NUMBER_mlockall:
	case NUMBER_mremap:
	case NUMBER_vmsplice:
		return true;
	default:
		return false;
	}
}

bool pcn_late_over(const struct pcn_call *call)
{
	if (comes() && !needs_all(call))
		return false;
	pcn_late_wait();
	return true;
}
