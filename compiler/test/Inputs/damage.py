"""damage.py FILE KIND [SYMBOL] - writes FILE.KIND, with one thing changed."""
import struct
import sys

path, kind = sys.argv[1], sys.argv[2]
data = bytearray(open(path, "rb").read())
shoff, = struct.unpack_from("<Q", data, 0x28)
shnum, shstrndx = struct.unpack_from("<HH", data, 0x3C)
sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + 64 * i) for i in range(shnum)]


def text(offset):
    return data[offset:data.index(0, offset)].decode()


names = {text(sections[shstrndx][4] + s[0]): s for s in sections}
symtab = names[".symtab"]
strings = sections[symtab[6]][4]


def find(name):
    for at in range(symtab[4], symtab[4] + symtab[5], 24):
        if text(strings + struct.unpack_from("<I", data, at)[0]) == name:
            return at, struct.unpack_from("<Q", data, at + 8)[0]
    raise SystemExit("no symbol " + name)


def file_offset(address):
    for s in sections:
        if s[2] & 2 and s[1] != 8 and s[3] <= address < s[3] + s[5]:
            return address - s[3] + s[4]
    raise SystemExit("nothing at %#x" % address)


def uleb(at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            return value, at


def share_a_pad():
    """Gives two call sites of one table the same landing pad."""
    table = names[".gcc_except_table"]
    at = table[4]
    while at < table[4] + table[5]:
        if data[at] != 0xFF or data[at + 1] != 0xFF or data[at + 2] != 1:
            at += 1
            continue
        length, site = uleb(at + 3)
        end, pads = site + length, []
        while site < end:
            _, site = uleb(site)
            _, site = uleb(site)
            pad, after = uleb(site)
            if pad:
                pads.append((site, after))
            _, site = uleb(after)
        for (a, a_end), (b, b_end) in zip(pads, pads[1:]):
            if a_end - a == b_end - b:
                data[b:b_end] = data[a:a_end]
                return
        at = end
    raise SystemExit("no function with two landing pads of one size")


if kind == "pads":
    share_a_pad()
else:
    symbol, address = find(sys.argv[3])
    if kind == "object":
        data[file_offset(address)] ^= 1
    elif kind == "symbol":
        struct.pack_into("<Q", data, symbol + 8, address + 16)
    elif kind == "record":
        data[file_offset(address) + 16] ^= 16
open(path + "." + kind, "wb").write(data)
