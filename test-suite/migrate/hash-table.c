/* A hash table with chains in the heap that grows while it is filled.
 *
 * MODES: usual spread
 */
#include "check.h"
#include <string.h>

struct entry {
	struct entry *next;
	char *key;
	unsigned value;
};

static struct entry **buckets;
static size_t bucket_count, entry_count;

static uint64_t hash_of(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	while (*key)
		hash = (hash ^ (unsigned char)*key++) * 0x100000001b3ull;
	return hash;
}

static void grow(void)
{
	size_t count = bucket_count ? bucket_count * 2 : 8;
	struct entry **larger = calloc(count, sizeof(*larger));

	CHECK(larger);
	for (size_t i = 0; i < bucket_count; i++)
		for (struct entry *e = buckets[i], *next; e; e = next) {
			size_t at = hash_of(e->key) % count;

			next = e->next;
			e->next = larger[at];
			larger[at] = e;
		}
	free(buckets);
	buckets = larger;
	bucket_count = count;
}

static unsigned *lookup(const char *key)
{
	struct entry *e;

	if (entry_count >= bucket_count)
		grow();
	for (e = buckets[hash_of(key) % bucket_count]; e; e = e->next)
		if (!strcmp(e->key, key))
			return &e->value;
	e = malloc(sizeof(*e));
	*e = (struct entry){buckets[hash_of(key) % bucket_count], strdup(key),
			    0};
	buckets[hash_of(key) % bucket_count] = e;
	entry_count++;
	return &e->value;
}

int main(void)
{
	uint32_t state = 99;
	uint64_t hash = 0;
	char key[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "key-%u", next_random(&state) % 700);
		*lookup(key) += (unsigned)i;
	}
	for (int i = 0; i < 700; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		hash = mix(hash, *lookup(key));
	}
	printf("%zu entries, %016llx\n", entry_count, (unsigned long long)hash);
	return 0;
}
