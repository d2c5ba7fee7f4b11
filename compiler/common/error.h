/* error.h - how a library function says what went wrong: it returns a
 * negative errno and fills in the line that main() prints. */
#ifndef PCN_COMMON_ERROR_H
#define PCN_COMMON_ERROR_H

struct error {
	char text[2048];
};

/* The first message stands: later ones are consequences of it. */
void pcn_error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Fills in *error and is `code`, so that `return pcn_fail(...)` reads well.
 * A macro, for static analysis to see that the code is not zero. */
#define pcn_fail(error, code, ...) (pcn_error_set(error, __VA_ARGS__), (code))

#endif
