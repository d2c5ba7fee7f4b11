# Lua: strings, patterns, garbage.
PROGRAM: lua
ARGS: %bench/strings.lua 30000
SELF: 97
MOVES: 10
HOP: 20-120
MODES: native verify self qemu move save
