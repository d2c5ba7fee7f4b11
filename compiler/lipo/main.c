/*
 * popcorn-lipo - the slices of an executable.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fat.h"
#include "text.h"
#include "verify.h"

static const char usage[] =
	"Usage: popcorn-lipo -info FILE...\n"
	"       popcorn-lipo -thin ISA FILE -o OUTPUT\n"
	"       popcorn-lipo -create SLICE... -o OUTPUT\n"
	"       popcorn-lipo -verify FILE...\n"
	"\n"
	"  -info     names the ISAs, sizes and build id of an executable\n"
	"  -thin     writes one slice as an executable of its own\n"
	"  -create   makes one executable of slices that were linked together\n"
	"  -verify   proves that the slices are one program: addresses of "
	"symbols, data,\n"
	"            record layouts are equal, and each landing pad belongs to "
	"one call\n"
	"\n"
	"Exit status: 0; 1 for an error, or when -verify finds something.\n";

static int print_info(const char *path, struct error *error)
{
	struct fat fat;
	int result = pcn_fat_read(&fat, path, error);

	if (!result) {
		printf("%s:", path);
		for (size_t i = 0; i < fat.image_count; i++)
			printf(" %s", fat.images[i].isa->name);
		printf("\n  build id ");
		for (size_t i = 0; i < sizeof(fat.note.build_id); i++)
			printf("%02x", fat.note.build_id[i]);
		printf("\n  abi version %u\n  writable data %#lx-%#lx\n",
		       fat.note.abi_version, (unsigned long)fat.note.data_start,
		       (unsigned long)fat.note.data_end);
		for (size_t i = 0; i < fat.image_count; i++) {
			const struct image *image = &fat.images[i];
			uint64_t text = 0;

			for (size_t j = 1; j < image->section_count; j++)
				if (image->sections[j].sh_flags & SHF_EXECINSTR)
					text += image->sections[j].sh_size;
			printf("  %-10s %10zu bytes, %10lu of code%s\n",
			       image->isa->name, image->size,
			       (unsigned long)text,
			       i ? "" : " (the file itself)");
		}
	}
	pcn_fat_free(&fat);
	return result;
}

static int verify(const char *path, struct error *error)
{
	struct findings findings = {.out = stdout};
	struct fat fat;
	int result = pcn_fat_read(&fat, path, error);

	if (result) {
		pcn_fat_free(&fat);
		return result;
	}
	pcn_verify_layout(&fat, &findings);
	pcn_verify_functions(&fat, &findings);
	for (size_t i = 0; i < fat.image_count; i++)
		pcn_verify_landing_pads(&fat.images[i], &findings);
	if (findings.count)
		result = pcn_fail(error, -1, "%s: %zu findings", path,
				  findings.count);
	else
		printf("%s: good: %zu slices, %zu symbols, %zu bytes of data, "
		       "%zu functions, "
		       "%zu landing pads\n",
		       path, fat.image_count, findings.symbols,
		       findings.data_bytes, findings.functions,
		       findings.landing_pads);
	pcn_fat_free(&fat);
	return result;
}

static int thin(const char *name, const char *path, const char *output,
		struct error *error)
{
	const struct pcn_isa *isa = pcn_isa_by_name(name, strlen(name));
	struct fat fat;
	int result;

	if (!isa)
		return pcn_fail(error, -1, "unknown ISA '%s'", name);
	result = pcn_fat_read(&fat, path, error);
	if (!result)
		result = pcn_fat_thin(&fat, isa, output, error);
	pcn_fat_free(&fat);
	return result;
}

/* The files, and -o's value apart. */
static int sort_arguments(int argc, char **argv, struct strings *files,
			  const char **output, struct error *error)
{
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "-o") || !strcmp(argv[i], "-output")) {
			if (++i == argc)
				return pcn_fail(error, -1,
						"-o wants a file name");
			*output = argv[i];
		} else if (argv[i][0] == '-') {
			return pcn_fail(error, -1, "unknown option '%s'",
					argv[i]);
		} else {
			pcn_strings_add(files, argv[i]);
		}
	}
	return files->count ? 0 : pcn_fail(error, -1, "no file named");
}

static int for_each(const struct strings *files,
		    int (*action)(const char *, struct error *))
{
	int result = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct error error = {""};

		if (action(files->items[i], &error)) {
			fflush(stdout);
			fprintf(stderr, "popcorn-lipo: error: %s\n",
				error.text);
			result = 1;
		}
	}
	return result;
}

static int run(int argc, char **argv, struct error *error)
{
	const char *command = argc > 1 ? argv[1] : "", *output = NULL;
	struct strings files = {0};
	int result = sort_arguments(argc, argv, &files, &output, error);

	if (result)
		return result;
	if (!strcmp(command, "-info"))
		return for_each(&files, print_info);
	if (!strcmp(command, "-verify"))
		return for_each(&files, verify);
	if (!output)
		return pcn_fail(error, -1, "no -o OUTPUT");
	if (!strcmp(command, "-create"))
		return pcn_fat_create(files.items, files.count, output, error);
	if (files.count != 2)
		return pcn_fail(error, -1, "-thin wants an ISA and a file");
	return thin(files.items[0], files.items[1], output, error);
}

int main(int argc, char **argv)
{
	static const char *const commands[] = {"-info", "-thin", "-create",
					       "-verify"};
	struct error error = {""};
	bool known = false;
	int result;

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands);
	     i++)
		known |= !strcmp(argv[1], commands[i]);
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("popcorn-lipo %s\n", POPCORN_VERSION);
		return 0;
	}
	if (!known) {
		fputs(usage, stderr);
		return 1;
	}
	/* A full disk is an error like others, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
	result = run(argc, argv, &error);
	if (fflush(stdout) || ferror(stdout))
		result = pcn_fail(&error, -EIO, "cannot write: %s",
				  strerror(errno));
	if (result == 0)
		return 0;
	if (error.text[0])
		fprintf(stderr, "popcorn-lipo: error: %s\n", error.text);
	return 1;
}
