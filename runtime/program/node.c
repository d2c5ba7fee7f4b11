/*
 * node.c - what <popcorn.h> says about nodes.
 */
#include "away.h"
#include "channel.h"

int __popcorn_node_count(void)
{
	return pcn_channel_node_count();
}

int __popcorn_node_current(void)
{
	return pcn_channel_node_current();
}

int __popcorn_node_home(void)
{
	return pcn_away ? pcn_process->node : pcn_channel_node_current();
}

int __popcorn_node_name(int node, char *name, size_t size)
{
	const char *text = pcn_channel_node_name(node);

	if (!text)
		return -ENOENT;
	pcn_strcopy(name, text, size);
	return 0;
}
