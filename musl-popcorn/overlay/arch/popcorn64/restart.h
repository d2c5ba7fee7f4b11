#ifndef _POPCORN_RESTART_H
#define _POPCORN_RESTART_H

#include <features.h>

hidden long __syscall_restart(const volatile int *, long, long, long, long,
			      long, long, long);

#endif
