/* Registers of the portable machine cannot be inspected by ptrace. */
#include <signal.h>

typedef unsigned long elf_greg_t, elf_gregset_t[1];
typedef unsigned long elf_fpregset_t[1];
