/*
 * support.c - what libgcc's unwinder expects of a C library.  The names are
 * made local when runtime.o is linked, so they never meet the program's libc.
 */
#include "native.h"

struct dl_find_object { /* glibc 2.35, <dlfcn.h> */
	unsigned long long flags;
	void *map_start, *map_end;
	void *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

/* There is one image, and its table of contents is the fastest way in. */
int _dl_find_object(void *address, struct dl_find_object *result)
{
	uint64_t a = (uint64_t)address;

	if (a < pcn_image.image_start || a >= pcn_image.image_end ||
	    !pcn_image.eh_frame_hdr)
		return -1;
	*result = (struct dl_find_object){
		.map_start = (void *)pcn_image.image_start,
		.map_end = (void *)pcn_image.image_end,
		.eh_frame = (void *)pcn_image.eh_frame_hdr,
	};
	return 0;
}

_Noreturn void abort(void)
{
	pcn_die("the unwinder gave up");
}

size_t strlen(const char *s)
{
	return pcn_strlen(s);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

/* Only registered frame tables would need memory, and nobody registers any. */
void *malloc(size_t size)
{
	(void)size;
	return NULL;
}

void free(void *memory)
{
	(void)memory;
}

/* libgcc asks for threads by the presence of this one. */
int __pthread_key_create(unsigned *key, void (*destroy)(void *))
{
	(void)key, (void)destroy;
	return EAGAIN;
}

int pthread_once(int *control, void (*run)(void))
{
	if (!__atomic_load_n(control, __ATOMIC_ACQUIRE)) {
		run(); /* fills a table with constants: twice is harmless */
		__atomic_store_n(control, 1, __ATOMIC_RELEASE);
	}
	return 0;
}

int pthread_mutex_lock(uint32_t *mutex)
{
	pcn_lock(mutex);
	return 0;
}

int pthread_mutex_unlock(uint32_t *mutex)
{
	pcn_unlock(mutex);
	return 0;
}
