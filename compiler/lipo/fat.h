/* fat.h - slices into one executable, and out of it. */
#ifndef PCN_LIPO_FAT_H
#define PCN_LIPO_FAT_H

#include "image.h"

struct fat {
	const char *path;
	unsigned char *data;
	size_t size;
	struct image
		images[PCN_NOTE_ISAS]; /* the file itself, then its sections */
	size_t image_count;
	struct pcn_note note; /* the file's own */
};

/* Reads an executable and every slice in it.  0 or -errno. */
int pcn_fat_read(struct fat *fat, const char *path, struct error *error);
void pcn_fat_free(struct fat *fat);

/* Makes one executable of `count` slices, each a file of its own. */
int pcn_fat_create(char **slices, size_t count, const char *output,
		   struct error *error);
/* Writes one slice as an executable of its own. */
int pcn_fat_thin(const struct fat *fat, const struct pcn_isa *isa,
		 const char *output, struct error *error);

#endif
