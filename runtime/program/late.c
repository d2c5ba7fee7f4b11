#include "late.h"

#include "away.h"
#include "buffers.h"
#include "channel.h"

#include <linux/futex.h>

int pcn_late_descriptor = -1;

/* An emulated program has no such system call; its emulator has sent one. */
int pcn_late_begin(void)
{
	struct pcn_message m = {.type = PCN_MSG_LATE};
	char why[PCN_CHANNEL_WHY];
	uint32_t count = 1;
	bool user_mode_only;
	int fd = pcn_userfaultfd_open(&user_mode_only), result;

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
	switch (call->number) {
	case PCN_CALL_NUMBER_clone:
	case PCN_CALL_NUMBER_ioctl:
	case PCN_CALL_NUMBER_madvise:
	case PCN_CALL_NUMBER_mincore:
	case PCN_CALL_NUMBER_mlock:
	case PCN_CALL_NUMBER_mlock2:
	case PCN_CALL_NUMBER_mlockall:
	case PCN_CALL_NUMBER_mremap:
	case PCN_CALL_NUMBER_vmsplice:
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
