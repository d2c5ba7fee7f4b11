#include "messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define UNDEFINED  "undefined symbol: "
#define DUPLICATE  "duplicate symbol: "
#define NOTE	   ">>>"
#define REFERENCED ">>> referenced by "
#define DEFINED	   ">>> defined "

/* "/tmp/popcorn-x/0-main.o" -> "main.o": as the user knows it. */
static char *file_name(char *path)
{
	char *name = strrchr(path, '/');

	if (name && strstr(path, "/popcorn-")) {
		char *rest;

		name++;
		rest = name + strspn(name, "0123456789");
		return *rest == '-' && rest > name ? rest + 1 : name;
	}
	return path;
}

/*
 * Of "x86_64.o:(main)" or "x86_64.o:(function main: .text.main+0x5)", main;
 * for a reference from data the section stands there, named for the object.
 */
static char *function_name(char *text)
{
	char *name = strstr(text, ":(");

	if (!name)
		return NULL;
	name += 2;
	if (pcn_starts_with(name, "function "))
		name += strlen("function ");
	name[strcspn(name, ":)+")] = 0;
	for (const char *const *prefix =
		     (const char *const[]){".text.", ".data.", ".rodata.",
					   NULL};
	     *prefix; prefix++)
		if (pcn_starts_with(name, *prefix))
			name += strlen(*prefix);
	return name;
}

static void add_place(struct strings *places, char *place)
{
	if (place && *place && !pcn_strings_have(places, place))
		pcn_strings_add(places, place);
}

/*
 * The notes behind a line.  A reference takes one or two: where in the source,
 * if there is debug information, then where in the object.
 */
static char *read_notes(char *rest, struct strings *places)
{
	char *source = NULL;

	while (pcn_starts_with(rest, NOTE)) {
		char *line = rest, *function = NULL;

		rest += strcspn(rest, "\n");
		if (*rest)
			*rest++ = 0;
		if (pcn_starts_with(line, REFERENCED) ||
		    pcn_starts_with(line, DEFINED)) {
			add_place(places, source);
			source = line + (pcn_starts_with(line, REFERENCED)
						 ? strlen(REFERENCED)
						 : strlen(DEFINED));
			if (pcn_starts_with(source, "in ") ||
			    pcn_starts_with(source, "at "))
				source += 3;
			function = function_name(source);
			source[strcspn(source, " ")] = 0;
			source = file_name(source);
		} else {
			function = function_name(line);
		}
		if (function) {
			/* The merged module has no name that means anything. */
			char *place = !source || strstr(source, ".o")
					      ? pcn_strdup(function)
					      : pcn_format("%s in %s", function,
							   source);

			add_place(places, place);
			free(place);
			source = NULL;
		}
	}
	add_place(places, source);
	return rest;
}

static char *print_symbol(char *line, char *rest)
{
	bool undefined = pcn_starts_with(line, UNDEFINED);
	struct strings places = {0};

	rest = read_notes(rest, &places);
	fprintf(stderr, "popcorn-clang: error: %s", line);
	for (size_t i = 0; i < places.count; i++)
		fprintf(stderr, "%s%s",
			i	    ? ", "
			: undefined ? " (referenced by "
				    : " (defined in ",
			places.items[i]);
	fputs(places.count ? ")\n" : "\n", stderr);
	pcn_strings_free(&places);
	return rest;
}

/* What LLVM puts in front of an error that it has no other way to report. */
static const char *const fatal[] = {"LLVM ERROR: ",
				    "fatal error: error in backend: "};

static void print_line(const char *line)
{
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		if (pcn_starts_with(line, fatal[i])) {
			fprintf(stderr, "%s: error: %s\n",
				program_invocation_short_name,
				line + strlen(fatal[i]));
			return;
		}
	fprintf(stderr, "%s\n", line);
}

bool pcn_messages_of_full_disk(const char *text)
{
	return strstr(text, "IO failure on output stream");
}

void pcn_messages_print(char *text)
{
	char *rest = text, *dump = strstr(text, "PLEASE submit a bug report");

	if (dump && pcn_messages_of_full_disk(text))
		*dump = 0; /* a full disk is no bug of LLVM's */
	while (*rest) {
		char *line = rest, *symbol;

		rest += strcspn(rest, "\n");
		if (*rest)
			*rest++ = 0;
		symbol = strstr(line, UNDEFINED);
		if (!symbol)
			symbol = strstr(line, DUPLICATE);
		if (symbol)
			rest = print_symbol(symbol, rest);
		else
			print_line(line);
	}
}
