/*
 * Standard input read by lines, by bytes and by scanf.
 *
 * MODES: usual spread spread-user
 * STDIN: 12 34 word\nsecond line\n\nlast line without end
 */
#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[100], word[20];
	int a, b, c, count = 0;

	printf("%d ", scanf("%d %d %19s", &a, &b, word));
	printf("%d %d %s\n", a, b, word);
	while ((c = getchar()) != '\n')
		count++;
	for (volatile int i = 0; i < 100; i++)
		;
	while (fgets(line, sizeof(line), stdin))
		printf("%zu [%s]\n", strlen(line), line);
	printf("%d %d\n", count, feof(stdin) != 0);
	return 0;
}
