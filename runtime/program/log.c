/*
 * log.c - the one way to say something: a line on stderr.
 */
#include "native.h"

int pcn_log_limit = PCN_LOG_WARN;

static void say(const char *format, va_list list)
{
	char line[512];
	size_t n = pcn_format(line, sizeof line, "popcorn: ");

	n += pcn_formatv(line + n, sizeof line - n - 1, format, list);
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	pcn_sys(__NR_write, 2, line, n);
}

void pcn_log(enum pcn_log_level level, const char *format, ...)
{
	va_list list;

	if ((int)level > pcn_log_limit)
		return;
	va_start(list, format);
	say(format, list);
	va_end(list);
}

_Noreturn void pcn_die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
	for (;;)
		pcn_sys(__NR_exit_group, 125);
}
