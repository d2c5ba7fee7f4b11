# SQLite captured and restored at every single poll.
PROGRAM: speedtest1
ARGS: --memdb --size 1 --verify
MODES: self
SECONDS: 200
