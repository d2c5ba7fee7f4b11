/* error.h - how a function here says what went wrong: it returns a negative
 * errno and fills in the line that main() or the other side prints. */
#ifndef PCN_AGENT_ERROR_H
#define PCN_AGENT_ERROR_H

struct error {
	char text[1024];
};

/* Fills in *error and returns `code`. */
int pcn_fail(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
