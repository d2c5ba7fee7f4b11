/* An executable, as popcorn-run reads it and takes slices out. */
#include "build_id.h"
#include "executable.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {""};
	struct executable x;
	int err = pcn_executable_open(&x, fuzz_file(data, size), &error);

	for (int i = 0; i < PCN_ISA_COUNT && !err; i++) {
		struct error none = {""};

		if (pcn_executable_slice(&x, &pcn_isas[i], &none) < 0 &&
		    !none.text[0])
			__builtin_trap();
	}
	if (!err)
		pcn_build_id_check(&x, &error);
	if (err && !error.text[0])
		__builtin_trap(); /* refused without a word */
	pcn_executable_close(&x);
	return 0;
}
