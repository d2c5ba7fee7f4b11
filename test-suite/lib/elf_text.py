"""Bytes of executable code in an ELF file, of its host ISA's part only: the
other slices of a fat executable stand in sections that are not loaded."""

import struct

SHF_EXECINSTR = 4


def size(path):
    with open(path, "rb") as file:
        data = file.read()
    offset, = struct.unpack_from("<Q", data, 0x28)
    entry, count = struct.unpack_from("<HH", data, 0x3a)
    total = 0
    for i in range(count):
        at = offset + i * entry
        flags, = struct.unpack_from("<Q", data, at + 8)
        length, = struct.unpack_from("<Q", data, at + 0x20)
        if flags & SHF_EXECINSTR:
            total += length
    return total
