/* A move is asked for before the program, on an emulated node, has come so
 * far as to have the handler that the request's signal needs.
 * MODES: move
 * START: arm
 * HOP: 0-1
 */
#include <stdio.h>
#include <time.h>

int main(void)
{
	for (int i = 0; i < 40; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	puts("here");
	return 0;
}
