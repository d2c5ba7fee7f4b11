# Lua: table.sort with a comparison in Lua, called from C.
PROGRAM: lua
ARGS: %bench/sort.lua 60000
SELF: 97
MOVES: 10
HOP: 20-120
MODES: native verify self qemu move save
