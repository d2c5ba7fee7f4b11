/*
 * format.c - printf's essentials: %s %c %d %u %x %p %%, l or z, width, 0.
 */
#include "program.h"

struct output {
	char *to;
	size_t size, length;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->to[out->length] = c;
	out->length++;
}

static void put_number(struct output *out, uint64_t value, unsigned base,
		       bool negative, unsigned width, char fill)
{
	char digits[24];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative && fill == ' ')
		digits[n++] = '-';
	else if (negative)
		put(out, '-');
	for (unsigned i = n + (negative && fill != ' '); i < width; i++)
		put(out, fill);
	while (n)
		put(out, digits[--n]);
}

size_t pcn_formatv(char *to, size_t size, const char *format, va_list list)
{
	struct output out = {to, size, 0};

	for (const char *f = format; *f; f++) {
		unsigned width = 0;
		bool wide = false;
		char fill = ' ';

		if (*f != '%') {
			put(&out, *f);
			continue;
		}
		f++;
		if (*f == '0')
			fill = *f++;
		for (; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + (*f - '0');
		for (; *f == 'l' || *f == 'z'; f++)
			wide = true;
		switch (*f) {
		case 's': {
			const char *s = va_arg(list, const char *);

			for (s = s ? s : "(null)"; *s; s++)
				put(&out, *s);
			break;
		}
		case 'c':
			put(&out, va_arg(list, int));
			break;
		case 'd': {
			int64_t v = wide ? va_arg(list, int64_t)
					 : va_arg(list, int);

			put_number(&out, v < 0 ? -(uint64_t)v : (uint64_t)v, 10,
				   v < 0, width, fill);
			break;
		}
		case 'u':
		case 'x': {
			uint64_t v = wide ? va_arg(list, uint64_t)
					  : va_arg(list, unsigned);

			put_number(&out, v, *f == 'u' ? 10 : 16, false, width,
				   fill);
			break;
		}
		case 'p':
			put(&out, '0');
			put(&out, 'x');
			put_number(&out, (uint64_t)va_arg(list, void *), 16,
				   false, width, '0');
			break;
		case 0:
			f--;
			break;
		default:
			put(&out, *f);
		}
	}
	if (size)
		to[out.length < size ? out.length : size - 1] = 0;
	return out.length;
}

size_t pcn_format(char *to, size_t size, const char *format, ...)
{
	va_list list;
	size_t n;

	va_start(list, format);
	n = pcn_formatv(to, size, format, list);
	va_end(list);
	return n;
}
