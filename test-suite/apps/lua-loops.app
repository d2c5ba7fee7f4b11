# Lua: the interpreter's own loop.
PROGRAM: lua
ARGS: %bench/loops.lua 2000 800
SELF: 97
MOVES: 10
HOP: 20-120
MODES: native verify self qemu move save
