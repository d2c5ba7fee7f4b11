#include "pthread_impl.h"
#include "pcn/abi.h"

/* One module, the program. */
void *__tls_get_addr(tls_mod_off_t *v)
{
	return (char *)__pthread_self() - __popcorn_pthread_offset
		+ __popcorn_tls_image()->align + v[1];
}
