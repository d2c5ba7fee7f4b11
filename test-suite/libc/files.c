/*
 * Files: stdio and descriptors, positions, append, rename, directories, stat;
 * all keep their meaning across moves.
 *
 * MODES: usual spread spread-user spread-emulated links
 */
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

int main(void)
{
	char name[] = "popcorn-test-XXXXXX", path[64], line[64];
	struct dirent *entry;
	struct stat st;
	int fd, entries = 0;
	FILE *file;
	DIR *dir;

	CHECK(mkdtemp(name));
	snprintf(path, sizeof(path), "%s/data", name);
	file = fopen(path, "w+");
	CHECK(file);
	for (int i = 0; i < 2000; i++)
		fprintf(file, "line %d\n", i);
	spin();
	CHECK(!fseek(file, 500, SEEK_SET));
	CHECK(fgets(line, sizeof(line), file) &&
	      fgets(line, sizeof(line), file));
	printf("%s%ld\n", line, ftell(file));
	fclose(file);

	fd = open(path, O_RDWR | O_APPEND);
	CHECK(fd >= 0);
	for (int i = 0; i < 20; i++) {
		CHECK(write(fd, "appended\n", 9) == 9);
		spin();
	}
	CHECK(!fstat(fd, &st));
	printf("%lld %o %d\n", (long long)st.st_size, st.st_mode & 0170000,
	       (int)st.st_nlink);
	CHECK(lseek(fd, -9, SEEK_END) > 0);
	CHECK(read(fd, line, 9) == 9 && !memcmp(line, "appended\n", 9));
	CHECK(!ftruncate(fd, 100));
	close(fd);
	CHECK(!stat(path, &st) && st.st_size == 100);

	snprintf(line, sizeof(line), "%s/other", name);
	CHECK(!rename(path, line) && !symlink("other", path));
	CHECK(!lstat(path, &st) && S_ISLNK(st.st_mode));
	dir = opendir(name);
	while ((entry = readdir(dir))) {
		entries++;
		spin();
	}
	closedir(dir);
	CHECK(!unlink(path) && !unlink(line) && !rmdir(name));
	CHECK(stat(path, &st) && errno == ENOENT);
	printf("%d entries\n", entries);
	return 0;
}
