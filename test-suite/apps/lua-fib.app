# Lua: calls of Lua functions.
PROGRAM: lua
ARGS: %bench/fib.lua 29
SELF: 97
MOVES: 10
HOP: 20-120
MODES: native verify self qemu move save
