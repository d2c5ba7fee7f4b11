# SQLite's speedtest1 on a file with locks and a journal, closed and reopened.
PROGRAM: speedtest1
ARGS: --size 3 --verify speedtest1.db
SELF: 97
MOVES: 3
HOP: 20-150
SECONDS: 200
MODES: native verify self qemu move save
