#include "fork_impl.h"
#include "pcn/abi.h"

void __make_private(void)
{
	while (__popcorn_ask_private()) __popcorn_poll();
}
