#include "isa.h"

#include <elf.h>
#include <string.h>
#include <sys/utsname.h>

#include "config.h"

const struct pcn_isa pcn_isas[] = {
	{.name = "x86_64",
	 .emulation = "elf_x86_64",
	 .libgcc = POPCORN_LIBGCC_x86_64,
	 .machine = EM_X86_64,
	 .tls_above_tp = false,
	 .trap = 0xcccccccc},
	{.name = "aarch64",
	 .emulation = "aarch64linux",
	 .libgcc = POPCORN_LIBGCC_aarch64,
	 .machine = EM_AARCH64,
	 .tls_above_tp = true,
	 .trap = 0x000020d4}, /* brk #0 */
};
const size_t pcn_isa_count = sizeof(pcn_isas) / sizeof(*pcn_isas);

const struct pcn_isa *pcn_isa_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < pcn_isa_count; i++)
		if (strlen(pcn_isas[i].name) == length &&
		    !memcmp(pcn_isas[i].name, name, length))
			return &pcn_isas[i];
	return NULL;
}

const struct pcn_isa *pcn_isa_by_machine(uint16_t machine)
{
	for (size_t i = 0; i < pcn_isa_count; i++)
		if (pcn_isas[i].machine == machine)
			return &pcn_isas[i];
	return NULL;
}

const struct pcn_isa *pcn_isa_host(void)
{
	struct utsname host;
	const struct pcn_isa *isa = NULL;

	if (uname(&host) == 0)
		isa = pcn_isa_by_name(host.machine, strlen(host.machine));
	return isa ? isa : &pcn_isas[0];
}
