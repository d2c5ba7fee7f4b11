# Lua captured and restored at every single poll.
PROGRAM: lua
ARGS: %bench/sort.lua 1500
MODES: self
