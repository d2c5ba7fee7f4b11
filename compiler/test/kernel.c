/* Do the kernel's headers compile, and are their numbers the portable machine's?
 *
 * RUN: popcorn-clang -Wall -Werror %s -o %t && %t
 */
#include <asm/byteorder.h>
#include <asm/unistd.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/input.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>
#include <mtd/mtd-user.h>
#include <sys/ioctl.h>

_Static_assert(__BITS_PER_LONG == 64, "LP64");
_Static_assert(__NR_renameat2 == 276, "asm-generic's numbers");
_Static_assert(__cpu_to_le32(1) == 1, "little endian");
_Static_assert(TUNSETIFF == 0x400454ca, "asm-generic's ioctl numbers");

int main(void)
{
	return 0;
}
