/*
 * Function pointers in globals, heap, locals and structures: entries have the
 * same address on every ISA.
 */
#include "check.h"

typedef uint64_t (*operation)(uint64_t, uint64_t);

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product = 0;

	for (unsigned i = 0; i < (b & 15); i++)
		product += a;
	return product;
}

static uint64_t twist(uint64_t a, uint64_t b)
{
	return (a << 7 | a >> 57) ^ b;
}

static const operation table[] = {plus, times, twist};
static operation variable = plus;

struct object {
	const struct methods *methods;
	uint64_t state;
};

struct methods {
	void (*step)(struct object *, uint64_t);
	uint64_t (*get)(const struct object *);
};

static void step(struct object *o, uint64_t by)
{
	o->state = variable(table[by % 3](o->state, by), 3);
}

static uint64_t get(const struct object *o)
{
	return o->state;
}

static const struct methods methods = {step, get};

int main(void)
{
	struct object *object = malloc(sizeof(*object));
	operation local = times;

	*object = (struct object){&methods, 1};
	for (uint64_t i = 0; i < 30000; i++) {
		variable = i % 5 ? local : table[i % 3];
		object->methods->step(object, i);
		CHECK(object->methods == &methods);
		CHECK(methods.step == step && local == times);
	}
	printf("%016llx\n", (unsigned long long)object->methods->get(object));
	free(object);
	return 0;
}
