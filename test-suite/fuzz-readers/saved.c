/* A saved process, as `popcorn inspect` and `popcorn restore` read it. */
#include "commands.h"
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = (char *)fuzz_file(data, size);
	struct error error = {""};
	static FILE *quiet;

	if (!quiet)
		quiet = freopen("/dev/null", "w", stdout);
	if (!quiet)
		abort();
	if (command_inspect(1, &path, &error) < 0 && !error.text[0])
		__builtin_trap(); /* refused without a word */
	return 0;
}
