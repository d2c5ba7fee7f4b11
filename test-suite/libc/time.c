/* Calendar arithmetic, time zones and formats from fixed times. */
#include "check.h"
#include <string.h>
#include <time.h>

int main(void)
{
	char text[100];
	struct tm tm;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (time_t t = 0; t < 2000000000; t += 86400 * 97 + 3661) {
		if ((t / 86400) % 5)
			continue;
		CHECK(localtime_r(&t, &tm));
		CHECK(mktime(&tm) == t);
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z %a %j %U",
			 &tm);
		puts(text);
	}
	CHECK(strptime("2024-02-29 12:34:56", "%Y-%m-%d %H:%M:%S", &tm));
	printf("%d %d\n", tm.tm_yday, tm.tm_min);
	return 0;
}
