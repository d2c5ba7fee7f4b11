/*
 * A thread's struct pthread is the thread-local object __popcorn_pthread, so
 * that every ISA finds it by its own thread pointer at the same address.
 */
struct __pthread;
extern hidden _Thread_local struct __pthread __popcorn_pthread
	__attribute__((__tls_model__("local-exec")));

/* Distance from the start of a thread's TLS block to its __popcorn_pthread;
 * the same for all threads, set before the first one is created. */
extern hidden uintptr_t __popcorn_pthread_offset;

static inline uintptr_t __get_tp(void)
{
	return (uintptr_t)&__popcorn_pthread;
}
