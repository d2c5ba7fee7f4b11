# Which functions get no polls.
#
# A poll may move the thread, so a function with one, and all its callers, pay
# for calls that may migrate.  Work that ends soon by itself needs none: it is
# bounded by a table, a number's length, or one pass over memory its caller
# holds.  Left out on purpose is all that calls back into the program (qsort,
# bsearch, tsearch, ftw), does I/O, or may run for seconds on a small input
# (regex, crypt).
NOPOLL_DIRS = src/complex src/ctype src/fenv src/malloc src/malloc/mallocng \
	src/math src/multibyte src/prng src/string
NOPOLL_SRCS = \
	$(patsubst %,src/internal/%.c, defsysinfo libc procfdname syscall_ret \
		version) \
	$(patsubst %,src/env/%.c, __environ __init_tls __libc_start_main \
		__reset_tls getenv secure_getenv) \
	$(patsubst %,src/errno/%.c, __errno_location strerror) \
	$(patsubst %,src/locale/%.c, __lctrans __mo_lookup c_locale iconv \
		langinfo localeconv strcoll strxfrm wcscoll wcsxfrm) \
	$(patsubst %,src/misc/%.c, a64l basename dirname ffs ffsl ffsll \
		getauxval) \
	$(patsubst %,src/network/%.c, htonl htons inet_aton inet_ntop \
		inet_pton ntohl ntohs) \
	$(patsubst %,src/popcorn/%.c, atomic) \
	$(patsubst %,src/process/%.c, _Fork fork) \
	$(patsubst %,src/signal/%.c, block sigaction sigaddset sigandset \
		sigdelset sigemptyset sigfillset sigisemptyset sigismember \
		sigorset) \
	$(patsubst %,src/stdio/%.c, ftrylockfile) \
	$(patsubst %,src/stdlib/%.c, abs atoi atol atoll div imaxabs imaxdiv \
		labs ldiv llabs lldiv) \
	$(patsubst %,src/thread/%.c, pthread_create pthread_key_create \
		pthread_mutex_trylock pthread_mutex_unlock \
		pthread_rwlock_tryrdlock pthread_rwlock_trywrlock \
		pthread_rwlock_unlock pthread_spin_trylock \
		pthread_spin_unlock sem_post sem_trywait) \
	$(patsubst %,src/time/%.c, __month_to_secs __secs_to_tm __tm_to_secs \
		__year_to_secs difftime)

# With the replacements of this architecture.
NOPOLL_OBJS = $(filter $(patsubst %.c,obj/%.o,$(NOPOLL_SRCS) \
		$(join $(dir $(NOPOLL_SRCS)),$(addprefix $(ARCH)/,$(notdir $(NOPOLL_SRCS))))) \
	$(foreach d,$(NOPOLL_DIRS),$(patsubst $(srcdir)/%.c,obj/%.o, \
		$(wildcard $(srcdir)/$(d)/*.c $(srcdir)/$(d)/$(ARCH)/*.c))), \
	$(ALL_OBJS))

$(NOPOLL_OBJS): CC_CMD = $(CC) $(CFLAGS_ALL) -E -o $@.i $< && \
	awk -f $(srcdir)/tools/nopoll.awk $@.i > $(@:.o=.nopoll.i) && \
	$(CC) $(CFLAGS_ALL) -c -o $@ $(@:.o=.nopoll.i)

# Every program links printf, and a call in it that may migrate costs a pad and
# a way back in: pad() and out() inlined everywhere would triple them.
obj/src/stdio/vfprintf.o obj/src/stdio/vfwprintf.o: CFLAGS_ALL += -fno-inline

# What computes with floating point follows the thread's rounding mode.  All else
# stays without, as a function that follows it is not inlined into one that does
# not.
ROUNDING_OBJS = $(filter obj/src/math/% obj/src/complex/% %/floatscan.o \
	%/vfprintf.o %/vfwprintf.o, $(ALL_OBJS))
$(ROUNDING_OBJS): CFLAGS_ALL += -frounding-math

# Locks whose holders never migrate; see src/internal/lock.h.
BOUNDED_OBJS = $(filter obj/src/malloc/% %/dlerror.o %/_Fork.o \
	%/posix_spawn.o %/signal/sigaction.o %/abort.o, $(ALL_OBJS))
$(BOUNDED_OBJS): CFLAGS_ALL += -DPOPCORN_BOUNDED_LOCKS

# Headers above are not among musl's own dependencies.
$(ALL_OBJS): $(wildcard $(srcdir)/arch/$(ARCH)/*.h) $(srcdir)/arch/$(ARCH)/arch.mak \
	$(srcdir)/tools/nopoll.awk $(srcdir)/src/internal/syscall.h $(srcdir)/src/internal/lock.h
