/* reader.h - what the targets share: an input as a file, ELF-wise mutation. */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

/* The input's bytes as a file that can be opened by this name. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* libFuzzer's hooks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
			       unsigned int seed);

#define must(x)                                                                \
	do                                                                     \
		if (!(x))                                                      \
			__builtin_trap();                                      \
	while (0)

/* To see that none is left open. */
static inline int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	must(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* An input that is read byte by byte; behind its end all are zero. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

#endif
