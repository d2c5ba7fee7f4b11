/*
 * convert.h - AArch64 uses asm-generic's structures; four O_ flags differ.
 */
#ifndef PCN_CONVERT_H
#define PCN_CONVERT_H

#include "../generic/generic.h"

#define pcn_native_stat	 pcn_generic_stat
#define pcn_native_semid pcn_generic_semid

#define pcn_native_epoll_event pcn_generic_epoll_event

#define PCN_ARM_O_DIRECTORY 040000
#define PCN_ARM_O_NOFOLLOW  0100000
#define PCN_ARM_O_DIRECT    0200000
#define PCN_ARM_O_LARGEFILE 0400000

static inline long pcn_arch_open_flags_in(long generic)
{
	long four = PCN_O_DIRECTORY | PCN_O_NOFOLLOW | PCN_O_DIRECT |
		    PCN_O_LARGEFILE;

	return (generic & ~four) |
	       (generic & PCN_O_DIRECTORY ? PCN_ARM_O_DIRECTORY : 0) |
	       (generic & PCN_O_NOFOLLOW ? PCN_ARM_O_NOFOLLOW : 0) |
	       (generic & PCN_O_DIRECT ? PCN_ARM_O_DIRECT : 0) |
	       (generic & PCN_O_LARGEFILE ? PCN_ARM_O_LARGEFILE : 0);
}

static inline long pcn_arch_open_flags_out(long native)
{
	long four = PCN_O_DIRECTORY | PCN_O_NOFOLLOW | PCN_O_DIRECT |
		    PCN_O_LARGEFILE;

	return (native & ~four) |
	       (native & PCN_ARM_O_DIRECTORY ? PCN_O_DIRECTORY : 0) |
	       (native & PCN_ARM_O_NOFOLLOW ? PCN_O_NOFOLLOW : 0) |
	       (native & PCN_ARM_O_DIRECT ? PCN_O_DIRECT : 0) |
	       (native & PCN_ARM_O_LARGEFILE ? PCN_O_LARGEFILE : 0);
}

#endif
