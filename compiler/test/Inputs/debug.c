#include <stdio.h>

struct pair {
	int first;
	double second;
};

static volatile int sink;

__attribute__((noinline)) static int at_end(int number)
{
	printf("%d\n", number);
	return number + 1;
}

__attribute__((noinline)) static int work(int value)
{
	int numbers[2] = {value, 2 * value}, line[value], sum;
	struct pair pair = {1, 2.5};

	for (int i = 0; i < value; i++)
		line[i] = i * value;
	printf("%p %p %p\n", (void *)numbers, (void *)line, (void *)&pair);
	sum = line[value - 1];
	sum = at_end(sum);
	return sum + numbers[1];
}

int main(void)
{
	sink = work(7);
	return sink == 0;
}
