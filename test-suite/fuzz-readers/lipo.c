/* An executable, as popcorn-lipo reads it: -info, -verify, -thin, -create. */
#include "reader.h"
#include "verify.h"

#include <stdlib.h>

static void verify(const struct fat *fat)
{
	static FILE *null;
	struct findings findings = {0};

	if (!null)
		null = fopen("/dev/null", "w");
	if (!null)
		abort();
	findings.out = null;
	pcn_verify_layout(fat, &findings);
	pcn_verify_functions(fat, &findings);
	for (size_t i = 0; i < fat->image_count; i++)
		pcn_verify_landing_pads(&fat->images[i], &findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = (char *)fuzz_file(data, size);
	struct error error = {""};
	struct fat fat;

	if (!pcn_fat_read(&fat, path, &error)) {
		verify(&fat);
		for (size_t i = 0; i < fat.image_count; i++)
			pcn_fat_thin(&fat, fat.images[i].isa, "/dev/null",
				     &error);
	} else if (!error.text[0]) {
		__builtin_trap(); /* refused without a word */
	}
	pcn_fat_free(&fat);
	if (!size || data[size - 1] % 4 == 0) /* it takes its time */
		pcn_fat_create(&path, 1, "/dev/null", &error);
	return 0;
}
