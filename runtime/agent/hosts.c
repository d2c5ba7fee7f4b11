#define _GNU_SOURCE
#include "hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_ 1024
#define HOST_MAX  256
#define RANGE_MAX 100000 /* numbers in one bracket, before nodes run out */

static bool is_this_machine(const char *host)
{
	char own[HOST_MAX] = "";

	gethostname(own, sizeof(own) - 1);
	return own[0] &&
	       (!strcmp(host, own) ||
		(!strchr(host, '.') && !strncmp(own, host, strlen(host)) &&
		 own[strlen(host)] == '.'));
}

/* port NULL: in the host's text, or ours. */
static int add(struct nodes *nodes, const char *host, const char *port,
	       const char *name, struct error *error)
{
	bool v6 = port && strchr(host, ':') && host[0] != '[';
	char text[PCN_NODE_NAME + HOST_MAX + 32];
	int n;

	if (is_this_machine(host))
		n = snprintf(text, sizeof(text), "%s=local", name);
	else
		n = snprintf(text, sizeof(text), "%s=tcp:%s%s%s%s%s", name,
			     v6 ? "[" : "", host, v6 ? "]" : "",
			     port ? ":" : "", port ? port : "");
	if (n >= (int)sizeof(text))
		return pcn_fail(error, -EINVAL, "%.100s...: name too long",
				host);
	return pcn_nodes_add(nodes, text, error);
}

/* The host without port and domain, as far as a node's name goes. */
static void short_name(const char *host, char name[PCN_NODE_NAME])
{
	const char *colon = strchr(host, ':');
	size_t n = strlen(host);

	if (host[0] == '[') {
		host++;
		n = strcspn(host, "]");
	} else if (colon && colon == strrchr(host, ':')) {
		n = (size_t)(colon - host);
	}
	/* An address is a name as it is. */
	if (strspn(host, "0123456789.") < n && !memchr(host, ':', n))
		n = strcspn(host, ".:");
	snprintf(name, PCN_NODE_NAME, "%.*s", (int)n, host);
}

/* --- A file ------------------------------------------------------------------
 */

static bool is_number(const char *text, long min, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && !*end && n >= min &&
	       n <= max;
}

static int add_line(struct nodes *nodes, char *line, struct error *error)
{
	const char *space = " \t\r\n", *port = NULL;
	char *rest, *host = strtok_r(line, space, &rest), *word;
	char name[PCN_NODE_NAME];
	long slots = 1;
	int err;

	if (!host)
		return 0;
	short_name(host, name);
	while ((word = strtok_r(NULL, space, &rest))) {
		if (!strncmp(word, "port=", 5) && is_number(word + 5, 1, 65535))
			port = word + 5;
		else if (!strncmp(word, "slots=", 6) &&
			 is_number(word + 6, 1, 1 << 20))
			slots = strtol(word + 6, NULL, 10);
		else if (!strncmp(word, "name=", 5) && word[5] &&
			 strlen(word + 5) < sizeof(name))
			snprintf(name, sizeof(name), "%s", word + 5);
		else
			return pcn_fail(error, -EINVAL,
					"'%.100s': port=N, slots=N or "
					"name=NAME expected",
					word);
	}
	err = add(nodes, host, port, name, error);
	if (err)
		return err;
	nodes->list[nodes->count - 1].slots = (unsigned)slots;
	return 0;
}

static int add_lines(struct nodes *nodes, FILE *f, const char *path,
		     struct error *error)
{
	char line[LINE_MAX_];

	for (int number = 1; fgets(line, sizeof(line), f); number++) {
		struct error why = {""};

		if (strlen(line) == sizeof(line) - 1)
			return pcn_fail(error, -EINVAL, "%s:%d: line too long",
					path, number);
		line[strcspn(line, "#")] = 0;
		if (add_line(nodes, line, &why))
			return pcn_fail(error, -EINVAL, "%s:%d: %.900s", path,
					number, why.text);
	}
	return ferror(f) ? pcn_fail(error, -EIO, "%s: cannot be read", path)
			 : 0;
}

int hosts_add_file(struct nodes *nodes, const char *path, struct error *error)
{
	FILE *f = fopen(path, "re");
	int err, before = nodes->count;

	if (!f)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	err = add_lines(nodes, f, path, error);
	fclose(f);
	if (!err && nodes->count == before)
		return pcn_fail(error, -EINVAL, "%s: no hosts", path);
	return err;
}

/* --- Lists -------------------------------------------------------------------
 */

int hosts_add_list(struct nodes *nodes, const char *list, struct error *error)
{
	char host[HOST_MAX], name[PCN_NODE_NAME];

	do {
		size_t n = strcspn(list, ",");
		int err;

		if (!n || n >= sizeof(host))
			return pcn_fail(error, -EINVAL,
					"'%.100s': HOST,HOST... expected",
					list);
		snprintf(host, sizeof(host), "%.*s", (int)n, list);
		short_name(host, name);
		err = add(nodes, host, NULL, name, error);
		if (err)
			return err;
		list += n;
	} while (*list++);
	return 0;
}

static int expand(struct nodes *nodes, const char *done, const char *rest,
		  struct error *error);

/* One range of a bracket, "01-03": each number in its width. */
static int expand_range(struct nodes *nodes, const char *done,
			const char *range, size_t size, const char *rest,
			struct error *error)
{
	char text[32], *end, next[HOST_MAX];
	long first, last;
	int width = (int)strcspn(range, "-,]");

	if (!size || size >= sizeof(text))
		goto bad;
	snprintf(text, sizeof(text), "%.*s", (int)size, range);
	if (strspn(text, "0123456789-") != size || width > 9 || !width)
		goto bad;
	first = last = strtol(text, &end, 10);
	if (*end == '-') {
		if (end[1] < '0' || end[1] > '9' || strlen(end + 1) > 9)
			goto bad;
		last = strtol(end + 1, &end, 10);
	}
	if (*end || last < first || last - first >= RANGE_MAX)
		goto bad;
	for (; first <= last; first++) {
		int err;

		if (snprintf(next, sizeof(next), "%s%0*ld", done, width,
			     first) >= (int)sizeof(next))
			goto bad;
		err = expand(nodes, next, rest, error);
		if (err)
			return err;
	}
	return 0;
bad:
	return pcn_fail(error, -EINVAL,
			"Slurm's list of nodes: '%.40s': a range of numbers "
			"expected",
			range);
}

/* One name: done is its beginning, rest may have brackets. */
static int expand(struct nodes *nodes, const char *done, const char *rest,
		  struct error *error)
{
	const char *open = strchr(rest, '['), *close, *at;
	char next[HOST_MAX], name[PCN_NODE_NAME];

	if (snprintf(next, sizeof(next), "%s%.*s", done,
		     open ? (int)(open - rest) : (int)strlen(rest),
		     rest) >= (int)sizeof(next))
		return pcn_fail(error, -EINVAL,
				"Slurm's list of nodes: a name too long");
	if (!open) {
		if (!next[0] || strchr(next, ']'))
			return pcn_fail(error, -EINVAL,
					"Slurm's list of nodes: '%.40s': a "
					"name expected",
					next);
		short_name(next, name);
		return add(nodes, next, NULL, name, error);
	}
	close = strchr(open, ']');
	if (!close)
		return pcn_fail(error, -EINVAL,
				"Slurm's list of nodes: '%.40s': no ]", open);
	for (at = open + 1; at <= close; at += strcspn(at, ",]") + 1) {
		int err = expand_range(nodes, next, at, strcspn(at, ",]"),
				       close + 1, error);

		if (err)
			return err;
	}
	return 0;
}

int hosts_add_slurm(struct nodes *nodes, const char *list, struct error *error)
{
	char one[4 * HOST_MAX];

	if (!list || !*list)
		return pcn_fail(error, -EINVAL,
				"SLURM_JOB_NODELIST is not set: no Slurm job");
	do {
		size_t n = 0;
		int depth = 0, err;

		while (list[n] && (list[n] != ',' || depth)) {
			depth += list[n] == '[';
			depth -= list[n] == ']' && depth;
			n++;
		}
		if (!n || n >= sizeof(one))
			return pcn_fail(error, -EINVAL,
					"Slurm's list of nodes: '%.40s': a "
					"name expected",
					list);
		snprintf(one, sizeof(one), "%.*s", (int)n, list);
		err = expand(nodes, "", one, error);
		if (err)
			return err;
		list += n;
	} while (*list++);
	return 0;
}
