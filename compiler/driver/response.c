#include "response.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Files may name files; a file that names itself must end somewhere. */
#define NESTING_MAX 20

static int expand(struct strings *arguments, const char *word, int depth,
		  struct error *error);

static int expand_words(struct strings *arguments, char *text, int depth,
			struct error *error)
{
	char *in = text;

	for (;;) {
		char quote = 0, *word, *out;
		int result;

		while (isspace((unsigned char)*in))
			in++;
		if (!*in)
			return 0;
		word = out = in;
		for (; *in && (quote || !isspace((unsigned char)*in)); in++) {
			if (*in == '\\' && quote != '\'' && in[1])
				*out++ = *++in;
			else if (quote && *in == quote)
				quote = 0;
			else if (!quote && (*in == '"' || *in == '\''))
				quote = *in;
			else
				*out++ = *in;
		}
		if (*in)
			in++;
		*out = 0;
		result = expand(arguments, word, depth, error);
		if (result)
			return result;
	}
}

static int expand(struct strings *arguments, const char *word, int depth,
		  struct error *error)
{
	size_t size;
	char *text;
	int result;

	if (word[0] != '@' || pcn_read_file(word + 1, &text, &size)) {
		pcn_strings_add(arguments, word);
		return 0;
	}
	if (depth == NESTING_MAX)
		return pcn_fail(error, -ELOOP,
				"%s: response files nest too deeply", word);
	result = expand_words(arguments, text, depth + 1, error);
	free(text);
	return result;
}

int pcn_response_expand(struct strings *arguments, int argc, char **argv,
			struct error *error)
{
	for (int i = 1; i < argc; i++) {
		int result = expand(arguments, argv[i], 0, error);

		if (result)
			return result;
	}
	return 0;
}
