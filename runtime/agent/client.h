/* client.h - a command's end of an agent's socket. */
#ifndef PCN_AGENT_CLIENT_H
#define PCN_AGENT_CLIENT_H

#include "error.h"

#include <stddef.h>
#include <sys/types.h>

/* Connects to the agent with this pid, or of the program with it. */
int client_connect(pid_t pid, struct error *error);
/* As above for an agent's own pid; no message. */
int client_connect_agent(pid_t pid);
int client_send(int socket, const char *text, int file, struct error *error);
/* Waits for a reply; "error ..." becomes -EIO and the message. */
int client_receive(int socket, char *reply, size_t size, struct error *error);
/* The value of "\tkey=" in a reply, copied; "" if absent. */
const char *client_field(const char *reply, const char *key, char *value,
			 size_t size);

#endif
