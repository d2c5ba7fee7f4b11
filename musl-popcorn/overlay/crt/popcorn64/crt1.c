/*
 * The portable entry.  The run time's _start has prepared the windows and a
 * start stack (argc, argv, envp, portable auxiliary vector) at the top of the
 * main thread's side stack, and calls this from the thread's base frame.
 */
#include <features.h>
#include "libc.h"

int main();
weak void _init();
weak void _fini();
int __libc_start_main(int (*)(), int, char **, void (*)(), void (*)(),
		      void (*)());
void __popcorn_start_tls(void);
void __popcorn_start_side_stack(void *);

/*
 * Nothing here may need the side stack, whose pointer is thread-local: it
 * stands only after the second call.  Hence no object whose address is taken,
 * and callees that are not inlined.
 */
void __popcorn_start_c(long *p)
{
	int argc = p[0];
	char **argv = (void *)(p + 1);

	__popcorn_start_tls();
	__popcorn_start_side_stack(p);
	__libc_start_main(main, argc, argv, _init, _fini, 0);
}
