/*
 * Bit-fields of all widths and signs, packed and not, and unions over them.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

struct fields {
	unsigned a : 1;
	signed b : 3;
	unsigned c : 12;
	unsigned : 0;
	unsigned long long d : 41;
	signed char e : 5;
	_Bool f : 1;
};

struct __attribute__((packed)) packed {
	char tag;
	unsigned long value : 51;
	int small : 7;
	double real;
	short tail;
};

union view {
	struct fields fields;
	unsigned char bytes[sizeof(struct fields)];
};

static struct fields step(struct fields f, unsigned by)
{
	f.a = f.a + by;
	f.b = (signed)(f.b + (int)by);
	f.c += by * 3;
	f.d = f.d * 5 + by;
	f.e = (signed char)(f.e - (int)by);
	f.f = !f.f;
	return f;
}

int main(void)
{
	union view view;
	struct packed p = {'p', 1, -3, 0.5, 9};
	uint64_t hash = 0;

	memset(&view, 0, sizeof(view));
	printf("%zu %zu %zu\n", sizeof(struct fields), sizeof(struct packed),
	       __builtin_offsetof(struct packed, real));
	for (unsigned i = 0; i < 300; i++) {
		view.fields = step(view.fields, i);
		p.value = p.value * 3 + i;
		p.small = (int)(p.small + i) % 50;
		p.real = p.real * 1.01 + view.fields.b;
		p.tail = (short)(p.tail - p.small);
		hash = mix(hash, view.fields.c ^ view.fields.d);
		hash = mix(hash, p.value + (uint64_t)p.small);
		if (i % 30 == 0)
			printf("%u %d %u %llu %d %d %lu %d %.9g %d\n",
			       view.fields.a, view.fields.b, view.fields.c,
			       (unsigned long long)view.fields.d, view.fields.e,
			       view.fields.f, (unsigned long)p.value, p.small,
			       p.real, p.tail);
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
