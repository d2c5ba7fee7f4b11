#define _GNU_SOURCE
#include "options.h"
#include "hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char options_help[] =
	"  --node NAME=KIND   a node the program may run on; KIND is `local', "
	"`qemu:ISA'\n"
	"                     for an emulated one, or `tcp:HOST[:PORT]' for "
	"one "
	"where\n"
	"                     popcornd runs (`fabric:HOST[:PORT]' by "
	"libfabric).  May be\n"
	"                     given again; the default is local=local\n"
	"  --key FILE         the key that this machine shares with the others "
	"(popcorn\n"
	"                     key FILE makes one); with --cert FILE --ca FILE: "
	"this\n"
	"                     machine's private key, its certificate, the "
	"authority's\n"
	"  --hostfile FILE    nodes of a file: HOST [port=N] [slots=N] "
	"[name=NAME] a line\n"
	"  -H HOST[:PORT],... nodes of a list\n"
	"  --slurm            the nodes of this Slurm job\n"
	"  --start NODE       start there, not on the first node of this "
	"machine\n"
	"  --at MS:NODE       move to NODE MS milliseconds after the start; "
	"may be\n"
	"                     given again, in order of time\n"
	"  --hop N:MIN-MAX[:SEED]\n"
	"                     move N times to the next node, each after a "
	"random\n"
	"                     time of MIN to MAX milliseconds\n"
	"  --trace FILE       write the timeline there (`-': stderr), one "
	"event a line\n"
	"  --timeout SECONDS  give up a move that does not get on (default "
	"60)\n"
	"  --eager            after a move between machines, wait for all "
	"memory first\n"
	"  --quiet            say nothing about moves that failed\n";

struct unresolved { /* names that need all nodes first */
	const char *start;
	const char *plans[AGENT_PLANS];
};

static struct unresolved unresolved;

void options_init(struct options *o)
{
	memset(o, 0, sizeof(*o));
	memset(&unresolved, 0, sizeof(unresolved));
	o->timeout_ns = 60000000000u;
}

/* Thirty years are enough; not a number, negative and infinite are not times.
 */
static bool to_ns(double value, double unit_ns, uint64_t *ns)
{
	double n = value * unit_ns;

	if (!(n >= 0 && n < 1e18))
		return false;
	*ns = (uint64_t)n;
	return true;
}

static int take_at(struct options *o, const char *text, struct error *error)
{
	char *end;
	double ms = strtod(text, &end);

	if (o->plan_count == AGENT_PLANS)
		return pcn_fail(error, -EINVAL, "--at: at most %d times",
				AGENT_PLANS);
	if (end == text || *end != ':' || !end[1] ||
	    !to_ns(ms, 1e6, &o->plans[o->plan_count].at_ns))
		return pcn_fail(error, -EINVAL, "--at %s: MS:NODE expected",
				text);
	unresolved.plans[o->plan_count++] = end + 1;
	return 1;
}

static int take_hop(struct options *o, const char *text, struct error *error)
{
	double min, max;
	unsigned long long seed =
		(unsigned long long)time(NULL) * 1000003u + (unsigned)getpid();
	unsigned long long count;
	int end[2] = {-1, -1}, size = (int)strlen(text);
	int n = sscanf(text, "%llu:%lf-%lf%n:%llu%n", &count, &min, &max,
		       &end[0], &seed, &end[1]);

	if (n < 3 || end[n - 3] != size || count > UINT32_MAX ||
	    strchr("+- ", text[0]) || !to_ns(min, 1e6, &o->hops.min_ns) ||
	    !to_ns(max, 1e6, &o->hops.max_ns) || max < min)
		return pcn_fail(error, -EINVAL,
				"--hop %s: N:MIN-MAX[:SEED] expected", text);
	o->hops.left = (uint32_t)count;
	/* xorshift never leaves zero */
	o->hops.random = (seed + 1) * 0x9e3779b97f4a7c15ull | 1;
	return 1;
}

static int take_timeout(struct options *o, const char *text,
			struct error *error)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !to_ns(seconds, 1e9, &o->timeout_ns) ||
	    !o->timeout_ns)
		return pcn_fail(error, -EINVAL,
				"--timeout %s: seconds expected", text);
	return 1;
}

int options_take(struct options *o, int argc, char **argv, int *i,
		 struct error *error)
{
	static const char *const names[] = {
		"--node",  "--start",	 "--at",  "--hop",
		"--trace", "--timeout",	 "--key", "--cert",
		"--ca",	   "--hostfile", "-H"};
	const char *value = NULL, *option = argv[*i];
	int which = -1;

	if (!strcmp(option, "--quiet")) {
		o->quiet = true;
		return 1;
	}
	if (!strcmp(option, "--eager")) {
		o->eager = true;
		return 1;
	}
	if (!strcmp(option, "--slurm"))
		return hosts_add_slurm(&o->nodes, getenv("SLURM_JOB_NODELIST"),
				       error)
			       ? -EINVAL
			       : 1;
	if (!strcmp(option, "--plain")) {
		o->plain = true;
		return 1;
	}
	for (int k = 0; k < (int)(sizeof(names) / sizeof(*names)); k++) {
		size_t length = strlen(names[k]);

		if (!strcmp(option, names[k])) {
			which = k;
			value = *i + 1 < argc ? argv[++*i] : NULL;
		} else if (!strncmp(option, names[k], length) &&
			   option[length] == '=') {
			which = k;
			value = option + length + 1;
		}
	}
	if (which < 0)
		return 0;
	if (!value)
		return pcn_fail(error, -EINVAL, "%s needs a value", option);
	switch (which) {
	case 0:
		return pcn_nodes_add(&o->nodes, value, error) ? -EINVAL : 1;
	case 1:
		unresolved.start = value;
		return 1;
	case 2:
		return take_at(o, value, error);
	case 3:
		return take_hop(o, value, error);
	case 4:
		o->trace = value;
		return 1;
	case 6:
		o->keys.key = value;
		return 1;
	case 7:
		o->keys.cert = value;
		return 1;
	case 8:
		o->keys.ca = value;
		return 1;
	case 9:
		return hosts_add_file(&o->nodes, value, error) ? -EINVAL : 1;
	case 10:
		return hosts_add_list(&o->nodes, value, error) ? -EINVAL : 1;
	default:
		return take_timeout(o, value, error);
	}
}

/* A program starts here: on the first node of this machine, made if need be. */
static int find_start(struct options *o, struct error *error)
{
	for (int i = 0; i < o->nodes.count; i++)
		if (!o->nodes.list[i].remote) {
			o->start_node = i;
			return 0;
		}
	o->start_node = o->nodes.count;
	return pcn_nodes_add(&o->nodes, "local", error);
}

int options_finish(struct options *o, struct error *error)
{
	if (find_start(o, error))
		return -EINVAL;
	if (unresolved.start) {
		o->start_node = pcn_nodes_find(&o->nodes, unresolved.start);
		if (o->start_node < 0)
			return pcn_fail(error, -EINVAL, "--start: no node '%s'",
					unresolved.start);
	}
	if (o->nodes.list[o->start_node].remote)
		return pcn_fail(error, -EINVAL,
				"a program starts on a node of this machine, "
				"not on %s",
				o->nodes.list[o->start_node].name);
	for (int i = 0; i < o->plan_count; i++) {
		o->plans[i].node =
			pcn_nodes_find(&o->nodes, unresolved.plans[i]);
		if (o->plans[i].node < 0)
			return pcn_fail(error, -EINVAL, "--at: no node '%s'",
					unresolved.plans[i]);
	}
	return 0;
}
