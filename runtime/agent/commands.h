/* commands.h - the commands of `popcorn`: arguments behind the command's name;
 * an exit status, or -errno with the message. */
#ifndef PCN_AGENT_COMMANDS_H
#define PCN_AGENT_COMMANDS_H

#include "options.h"

int command_ps(int argc, char **argv, struct error *error);
int command_migrate(int argc, char **argv, struct error *error);
int command_checkpoint(int argc, char **argv, struct error *error);
int command_restore(int argc, char **argv, struct error *error);
int command_inspect(int argc, char **argv, struct error *error);
int command_key(int argc, char **argv, struct error *error);

#endif
