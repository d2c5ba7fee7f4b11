# Lua captured and restored on the emulated node.
PROGRAM: lua
ARGS: %bench/sort.lua 3000
SELF: 97
MODES: qemu-self
