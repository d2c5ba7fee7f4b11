/* popcorn inspect: what a saved process is made of. */
#define _GNU_SOURCE
#include "commands.h"

#include <string.h>
#include <time.h>

static void print_time(uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000u);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	printf("saved      %s\n", text);
}

static void print_info(const struct saved *s)
{
	const struct pcn_stream_info *info = s->stream.info;

	printf("program    %s\n", pcn_stream_string(&s->stream, info->exe));
	printf("build id   ");
	for (int i = 0; i < 32; i++)
		printf("%02x", info->build_id[i]);
	printf("\n");
	print_time(info->saved_ns);
	printf("node       %s (%s)\n", info->node, info->isa);
	printf("pid        %d\n", info->pid);
	printf("moves      %u\n", s->process->moves);
	printf("directory  %s\n", pcn_stream_string(&s->stream, info->cwd));
	printf("umask      %03o\n", info->umask);
	printf("memory     %llu bytes in %u segments\n",
	       (unsigned long long)info->memory_bytes, s->stream.segment_count);
}

static void print_threads(const struct saved *s)
{
	const struct pcn_stream *t = &s->stream;

	printf("\nthreads: %u\n", t->thread_count);
	for (uint32_t i = 0; i < t->thread_count; i++) {
		uint32_t number = t->threads[i].frames;

		printf("  thread %d, %u frames, control block at 0x%llx\n",
		       t->threads[i].tid, t->threads[i].frames,
		       (unsigned long long)t->threads[i].address);
		/* Innermost first, as debuggers print them. */
		for (uint32_t k = t->frame_count; k-- > 0;) {
			const struct pcn_stream_frame *f = &t->frames[k];

			if (f->thread != i)
				continue;
			printf("    #%-3u %s, site %u\n",
			       t->threads[i].frames - number,
			       pcn_stream_string(t, f->name), f->site);
			number--;
		}
	}
}

static void print_maps(const struct saved *s)
{
	static const char *const kinds[] = {
		"?", "image", "state", "brk", "anon", "file", "shared file"};
	char path[PCN_PATH_MAX];

	printf("\nmaps: %u\n", s->process->vma_count);
	for (uint32_t i = 0; i < s->process->vma_count; i++) {
		const struct pcn_vma *v = &s->process->vmas[i];
		const char *name = saved_path(s, v->path, path);

		printf("  %010llx-%010llx %c%c%c %-6s %s\n",
		       (unsigned long long)v->start, (unsigned long long)v->end,
		       v->prot & 1 ? 'r' : '-', v->prot & 2 ? 'w' : '-',
		       v->prot & 4 ? 'x' : '-',
		       v->kind < 7 ? kinds[v->kind] : "?", name ? name : "");
	}
}

static void print_descriptors(const struct saved *s)
{
	static const char *const kinds[] = {"?",      "file",	  "directory",
					    "device", "terminal", "pipe",
					    "socket", "other"};

	printf("\ndescriptors: %u\n", s->stream.descriptor_count);
	for (uint32_t i = 0; i < s->stream.descriptor_count; i++) {
		const struct pcn_stream_descriptor *d =
			&s->stream.descriptors[i];

		printf("  %-4d %-9s %s", d->fd,
		       d->kind < 8 ? kinds[d->kind] : "?",
		       pcn_stream_string(&s->stream, d->path));
		if (d->kind == PCN_FD_FILE)
			printf(", offset %llu", (unsigned long long)d->offset);
		if (d->same_as >= 0)
			printf(", same as %d", d->same_as);
		if (d->fd > 2 && d->same_as < 0 &&
		    (d->kind == PCN_FD_PIPE || d->kind == PCN_FD_SOCKET ||
		     d->kind == PCN_FD_OTHER))
			printf(", cannot be reopened");
		printf("\n");
	}
}

int command_inspect(int argc, char **argv, struct error *error)
{
	static struct saved s;
	int err;

	if (argc != 1)
		return pcn_fail(error, -1, "FILE expected (try --help)");
	err = saved_open(&s, argv[0], error);
	if (!err) {
		print_info(&s);
		print_threads(&s);
		print_maps(&s);
		print_descriptors(&s);
	}
	saved_close(&s);
	return err;
}
