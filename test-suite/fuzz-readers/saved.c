/* A saved process, as `popcorn inspect` and `popcorn restore` read it. */
#include "commands.h"
#include "reader.h"

#include <stdio.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return freopen("/dev/null", "w", stdout) ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = (char *)fuzz_file(data, size);
	struct error error = {""};

	if (command_inspect(1, &path, &error) < 0 && !error.text[0])
		__builtin_trap(); /* refused without a word */
	return 0;
}
