#include "error.h"

#include <stdarg.h>
#include <stdio.h>

void pcn_error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (error->text[0])
		return;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
}
