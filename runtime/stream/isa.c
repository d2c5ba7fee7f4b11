#include <pcn/isa.h>

const struct pcn_isa pcn_isas[PCN_ISA_COUNT] = {
	{"x86_64", 62, "qemu-x86_64", 0},
	/* With the default model a changed FP register in a signal frame is
	 * lost (QEMU 7.2: it restores SVE state instead). */
	{"aarch64", 183, "qemu-aarch64", "neoverse-n1"},
};

const struct pcn_isa *pcn_isa_find(const char *name)
{
	for (int i = 0; i < PCN_ISA_COUNT; i++) {
		const char *a = name, *b = pcn_isas[i].name;

		while (*a && *a == *b)
			a++, b++;
		if (*a == *b)
			return &pcn_isas[i];
	}
	return 0;
}
