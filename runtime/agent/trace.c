/*
 * The timeline of --trace: one line an event, "key=value" separated by blanks.
 *
 *   time_ms=312.402 event=move from=x86/x86_64 to=arm/aarch64 threads=1 ...
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int trace_open(struct agent *a)
{
	const char *path = a->options->trace;

	if (!path)
		return 0;
	a->trace = !strcmp(path, "-") ? stderr : fopen(path, "we");
	if (!a->trace)
		return pcn_fail(&a->error, -errno, "%s: %s", path,
				strerror(errno));
	setvbuf(a->trace, NULL, _IOLBF, 0);
	return 0;
}

void trace_close(struct agent *a)
{
	bool failed;

	if (!a->trace)
		return;
	failed = ferror(a->trace);
	if (a->trace != stderr && fclose(a->trace))
		failed = true;
	a->trace = NULL;
	if (failed)
		fprintf(stderr,
			"popcorn-run: %s: could not be written whole: %s\n",
			a->options->trace, strerror(a->trace_error));
}

static void put_node(struct agent *a, const char *key, int node)
{
	const struct node *n;

	if (node < 0)
		return;
	n = &a->options->nodes.list[node];
	fprintf(a->trace, " %s=%s/%s", key, n->name, pcn_node_isa(n));
}

void trace_event(struct agent *a, const char *event, int from, int to,
		 const char *format, ...)
{
	va_list list;

	if (!a->trace)
		return;
	fprintf(a->trace, "time_ms=%.3f event=%s",
		(double)(now_ns() - a->start_ns) / 1e6, event);
	put_node(a, "from", from);
	put_node(a, "to", to);
	fputc(' ', a->trace);
	va_start(list, format);
	vfprintf(a->trace, format, list);
	va_end(list);
	if (fputc('\n', a->trace) == EOF && !a->trace_error)
		a->trace_error = errno;
}
