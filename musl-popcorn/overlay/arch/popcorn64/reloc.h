/* Static programs only: no relocations are processed at run time. */
#define LDSO_ARCH "popcorn64"
#define TPOFF_K 0
