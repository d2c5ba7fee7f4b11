# SQLite's speedtest1 in memory, with its verification hash.
PROGRAM: speedtest1
ARGS: --memdb --size 8 --verify
SELF: 97
MOVES: 10
HOP: 20-150
SECONDS: 200
MODES: native verify self qemu move save
