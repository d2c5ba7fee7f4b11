/* Command lines of popcorn-run: the input's words end in zero bytes. */
#include "options.h"
#include "reader.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 32

/* Nobody is asked for names: addresses of IPv4 alone are known. */
int getaddrinfo(const char *host, const char *port,
		const struct addrinfo *hints, struct addrinfo **found)
{
	static struct sockaddr_in address = {.sin_family = AF_INET};
	static struct addrinfo info = {.ai_addr = (void *)&address,
				       .ai_addrlen = sizeof(address)};

	(void)hints;
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		return EAI_NONAME;
	address.sin_port = htons((uint16_t)atoi(port));
	*found = &info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	(void)info;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	char *words[WORDS_MAX + 1], *text = malloc(size + 1), *at = text;
	struct error error = {""};
	int count = 0, taken = 1;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	while (at < text + size && count < WORDS_MAX) {
		words[count++] = at;
		at += strlen(at) + 1;
	}
	words[count] = NULL;
	options_init(&options);
	for (int i = 0; i < count && taken > 0; i++)
		taken = options_take(&options, count, words, &i, &error);
	if (taken > 0)
		taken = options_finish(&options, &error);
	if (taken < 0 && !error.text[0])
		__builtin_trap(); /* refused without a word */
	free(text);
	return 0;
}
