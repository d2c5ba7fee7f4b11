#include "progress.h"
#include "clock.h"

#include <stdio.h>
#include <unistd.h>

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){
		.what = what, .total = total, .start_ns = pcn_now_ns()};
}

void progress_show(struct progress *p, uint64_t bytes)
{
	double seconds = (double)(pcn_now_ns() - p->start_ns) / 1e9;
	double rate = seconds > 0 ? (double)bytes / 1e6 / seconds : 0;

	if (!isatty(2))
		return;
	p->shown = true;
	fprintf(stderr, "\r%s: %.1f MB", p->what, (double)bytes / 1e6);
	if (p->total)
		fprintf(stderr, " of %.1f MB", (double)p->total / 1e6);
	fprintf(stderr, ", %.0f MB/s  ", rate);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputc('\n', stderr);
}
