/*
 * userfault.h - the kernel's interface (Linux 6.12, Documentation/admin-guide/
 * mm/userfaultfd.rst) where the distribution's header is older.
 */
#ifndef PCN_DSM_USERFAULT_H
#define PCN_DSM_USERFAULT_H

#include <linux/userfaultfd.h>
#include <stdbool.h>

#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif
#ifndef UFFDIO_CONTINUE_MODE_WP /* 6.4 */
#define UFFDIO_CONTINUE_MODE_WP ((__u64)1 << 1)
#endif
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

#define USERFAULT_FEATURES                                                     \
	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_MISSING_SHMEM |         \
	 UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_WP_HUGETLBFS_SHMEM)

/*
 * In the program's process: a userfaultfd of its memory, or -errno.  Without
 * the privilege to serve the kernel's own accesses
 * (vm.unprivileged_userfaultfd, /dev/userfaultfd) only those of user mode are:
 * a system call that meets an absent page then fails with EFAULT, and
 * *user_mode_only, unless NULL, is true.
 */
int pcn_userfaultfd(bool *user_mode_only);

#endif
