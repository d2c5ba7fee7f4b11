#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int pcn_fail(struct error *error, int code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(error->text, sizeof(error->text), format, list);
	va_end(list);
	return code;
}
