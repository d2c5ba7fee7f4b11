/* popcornd: lets programs of other machines visit this one. */
#define _GNU_SOURCE
#include "daemon.h"
#include "executable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: popcornd [OPTIONS]\n"
	"\n"
	"Lets programs under popcorn-run on other machines move to this one.\n"
	"\n"
	"  --listen ADDRESS   HOST:PORT (default 127.0.0.1:7717; port 0: any "
	"free "
	"one) or\n"
	"                     unix:PATH; fabric:HOST:PORT by libfabric\n"
	"  --key FILE         the key that both sides share (popcorn key FILE "
	"makes one);\n"
	"                     with --cert and --ca: this machine's private "
	"key\n"
	"  --cert FILE --ca FILE\n"
	"                     certificates instead: this machine's, and the "
	"one "
	"authority\n"
	"                     that both sides trust (PEM)\n"
	"  --isa NAME=KIND    what programs may run on here: `local', "
	"`qemu:ISA'; may be\n"
	"                     given again; the default is local=local\n"
	"  --allow-user NAME  whose programs may come (any: everybody's); may "
	"be "
	"given\n"
	"                     again; the default is who runs popcornd\n"
	"  --allow-build FILE this program may come, and only such; may be "
	"given "
	"again\n"
	"  --max N            at most so many programs at a time (default 64)\n"
	"  --cache DIR        keeps executables there (default "
	"~/.cache/popcorn)\n"
	"  --name NAME        what this machine calls itself\n"
	"  --plain            no TLS, on loopback only: for benchmarks\n"
	"  --new-key FILE     makes a key, and ends\n"
	"  --help, --version\n"
	"\n"
	"Whoever has the key may run programs here as the user that runs "
	"popcornd.\n";

static int allow_build(struct policy *p, const char *path, struct error *error)
{
	struct executable x;
	int err;

	if (p->build_count == BUILDS_MAX)
		return pcn_fail(error, -EINVAL, "too many programs");
	err = pcn_executable_open(&x, path, error);
	if (!err)
		memcpy(p->builds[p->build_count++], x.build_id, 32);
	pcn_executable_close(&x);
	return err;
}

static int take_number(const char *text, int *number, struct error *error)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > GUESTS_MAX)
		return pcn_fail(error, -EINVAL, "--max: 1 to %d", GUESTS_MAX);
	*number = (int)n;
	return 0;
}

static int take_value(struct daemon_options *o, const char *option,
		      const char *value, struct error *error)
{
	const struct {
		const char *name;
		const char **where;
	} texts[] = {{"--listen", &o->listen},	{"--key", &o->keys.key},
		     {"--cert", &o->keys.cert}, {"--ca", &o->keys.ca},
		     {"--cache", &o->cache},	{"--name", &o->name}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(option, texts[i].name)) {
			*texts[i].where = value;
			return 0;
		}
	if (!strcmp(option, "--isa"))
		return pcn_nodes_add(&o->nodes, value, error);
	if (!strcmp(option, "--allow-build"))
		return allow_build(&o->policy, value, error);
	if (!strcmp(option, "--max"))
		return take_number(value, &o->max, error);
	if (!strcmp(option, "--allow-user") &&
	    o->policy.user_count < USERS_MAX) {
		o->policy.users[o->policy.user_count++] = value;
		return 0;
	}
	return pcn_fail(error, -EINVAL, "unknown option %s (try --help)",
			option);
}

static int finish(struct daemon_options *o, struct error *error)
{
	if (!o->nodes.count && pcn_nodes_add(&o->nodes, "local", error))
		return -EINVAL;
	for (int i = 0; i < o->nodes.count; i++)
		if (o->nodes.list[i].remote)
			return pcn_fail(error, -EINVAL,
					"--isa: local or qemu:ISA expected");
	return 0;
}

static int fail(const struct error *error)
{
	daemon_say("%s", error->text);
	return 1;
}

int main(int argc, char **argv)
{
	static struct daemon_options options = {.listen = "127.0.0.1",
						.max = 64};
	struct error error = {""};

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(usage, stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("popcornd " POPCORN_VERSION);
			return 0;
		}
		if (!strcmp(argv[i], "--plain")) {
			options.plain = true;
			continue;
		}
		if (i + 1 == argc) {
			pcn_fail(&error, -1,
				 "%s needs a value, or is no option (try "
				 "--help)",
				 argv[i]);
			return fail(&error);
		}
		if (!strcmp(argv[i], "--new-key"))
			return pcn_tls_make_key(argv[i + 1], &error)
				       ? fail(&error)
				       : 0;
		if (take_value(&options, argv[i], argv[i + 1], &error))
			return fail(&error);
		i++;
	}
	if (finish(&options, &error) || daemon_run(&options, &error))
		return fail(&error);
	return 0;
}
