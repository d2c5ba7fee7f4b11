"""Whom popcornd lets in: keys, strangers, executables."""

import hashlib
import os
import re
import socket
import struct
import subprocess
import time

from machines import Daemon, Proxy
from program import Failure
from visits import connect, refuses_wrong_key, rest, there_and_back

# --- Keys --------------------------------------------------------------------

def test_certificates(luck):
    def openssl(*words):
        done = luck.output("openssl", *words)
        if done[0]:
            raise Failure(done[1])

    def certificate(name, host, authority):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        os.chmod(luck.path(name + ".key"), 0o600)
        with open(luck.path(name + ".ext"), "w") as file:
            file.write("subjectAltName=%s\n" % host)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
                authority + ".key", "-CAcreateserial", "-days", "2", "-extfile", name + ".ext",
                "-out", name + ".pem")
        return ["--key", luck.path(name + ".key"), "--cert", luck.path(name + ".pem"),
                "--ca", luck.path("ca.pem")]

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name,
                "-days", "2")
    server = certificate("server", "IP:127.0.0.1", "ca")
    client = certificate("client", "DNS:client", "ca")
    stranger = certificate("stranger", "DNS:stranger", "other")
    elsewhere = certificate("elsewhere", "IP:127.0.0.2", "ca")

    daemon = Daemon(luck, *server, key=None)
    far = ["--node", "x86=local", "--node", "far=tcp:127.0.0.1:%d" % daemon.port]
    steady = luck.steady(nodes=far + client)
    there_and_back(steady)
    steady.finishes()
    steady = luck.steady(nodes=far + stranger)
    steady.migrate("far", 1, "popcorn migrate: node far: .*\n")
    steady.finishes()
    daemon.ends_well()
    # A node with the certificate of another one.
    daemon = Daemon(luck, *elsewhere, key=None)
    far[3] = "far=tcp:127.0.0.1:%d" % daemon.port
    steady = luck.steady(nodes=far + client)
    steady.migrate("far", 1, "popcorn migrate: node far: TLS handshake: certificate verify "
                             "failed\n")
    steady.finishes()
    daemon.ends_well()


def test_key_files(luck):
    key = luck.path("key")
    luck.expect(0, "", luck.tool("popcorn"), "key", key)
    if os.stat(key).st_mode & 0o777 != 0o600:
        raise Failure("mode %o" % os.stat(key).st_mode)
    luck.expect(1, ".*File exists\n", luck.tool("popcorn"), "key", key)
    luck.expect(0, "", luck.tool("popcornd"), "--new-key", luck.path("other"))
    run = [luck.tool("popcorn-run"), "--node", "x=local", "--node", "far=tcp:127.0.0.1:1"]
    daemon = [luck.tool("popcornd"), "--listen", "127.0.0.1:0", "--cache", luck.path("cache")]
    app = luck.program("steady")
    luck.expect(125, ".*needs --key FILE\n", *run, app)
    luck.expect(1, ".*a key is needed\n", *daemon)
    for mode in (0o640, 0o604, 0o666):
        os.chmod(key, mode)
        luck.expect(125, ".*nobody else can read.*\n", *run, "--key", key, app)
        luck.expect(1, ".*nobody else can read.*\n", *daemon, "--key", key)
    os.chmod(key, 0o600)
    with open(key, "w") as file:
        file.write("0123456789abcdef\n")
    luck.expect(125, ".*not a key .*\n", *run, "--key", key, app)
    luck.expect(1, ".*not a key .*\n", *daemon, "--key", key)
    luck.expect(1, ".*No such file.*\n", *daemon, "--key", luck.path("none"))
    luck.expect(1, ".*--plain is for this machine's own addresses\n", luck.tool("popcornd"),
                "--listen", "0.0.0.0:0", "--plain")
    os.chmod(luck.where, 0o755)
    luck.expect(1, ".*not a directory of this user alone\n", luck.tool("popcornd"), "--listen",
                "127.0.0.1:0", "--key", luck.path("other"), "--cache", luck.where)


def test_wrong_key(luck):
    refuses_wrong_key(luck)


def test_plaintext_peers(luck):
    secret = Daemon(luck)
    steady = luck.steady(nodes=["--node", "x86=local", "--node",
                                "far=tcp:127.0.0.1:%d" % secret.port, "--plain"])
    steady.migrate("far", 1, "popcorn migrate: node far: .*\n")
    steady.finishes()
    secret.says("refused: TLS handshake")
    plain = Daemon(luck, "--plain", key=None)
    steady = luck.steady(nodes=plain.nodes() [:4] + ["--key", secret.key])
    steady.migrate("far", 1, "popcorn migrate: node far: TLS handshake: .*\n")
    steady.finishes()
    plain.says("refused: the other side is not Popcorn's")
    secret.ends_well()
    plain.ends_well()


# --- Strangers ---------------------------------------------------------------

def frame(kind, data):
    return struct.pack("<IHH", len(data), kind, 0) + data


def version_of(header, name):
    path = os.path.join(os.path.dirname(__file__), "../..", header)
    with open(path, encoding="utf-8") as file:
        return int(re.search(r"#define %s\s+(\d+)u" % name, file.read())[1])


ABI = version_of("stack-transform/include/pcn/abi.h", "PCN_ABI_VERSION")


WIRE = version_of("runtime/agent/wire.h", "WIRE_VERSION")


def hello(version=WIRE, abi=ABI):
    return frame(1, struct.pack("<4I", version, abi, 0, 0) + b"test".ljust(32, b"\0") + bytes(128))


def wish(build_id, size, user=None, path=b"/app\0", names=b"a\0b\0", index=1, count=2, want=1):
    user = user or subprocess.check_output(["id", "-un"]).strip()
    return frame(2, struct.pack("<6I", want, index, count, len(path), len(names), 0)
                 + user.ljust(32, b"\0") + bytes(16) + build_id + struct.pack("<Q", size)
                 + path + names)


def test_strangers(luck):
    """Whatever is not a greeting is refused, with the reason."""
    daemon = Daemon(luck, "--plain", key=None)
    start = b"popcorn\1"
    for data, why in ((b"GET / HTTP/1.1\r\n\r\n", b"not Popcorn's"),
                      (b"popcorn\2", b"version 2"),
                      (start + frame(1, b"short"), b"no greeting"),
                      (start + hello(version=9), b"version 9"),
                      (start + hello(abi=77), b"version 77"),
                      (start + b"\xff\xff\xff\xff\1\0\0\0", b"too large"),
                      (start + frame(2, b""), b"no greeting"),
                      (start + hello() + hello(), b"no wish"),
                      (start + hello() + wish(bytes(32), 5000, user=b"someone"), b"not welcome"),
                      (start + hello() + wish(bytes(32), 0), b"too large"),
                      (start + hello() + wish(bytes(32), 1 << 40), b"too large"),
                      (start + hello() + wish(bytes(32), 50, names=b"ab"), b"without a name"),
                      (start + hello() + wish(bytes(32), 50, index=2), b"damaged"),
                      (start + hello() + wish(bytes(32), 50, path=b"x" * 5), b"does not end"),
                      (start + hello() + wish(bytes(32), 50, want=7), b"unknown wish")):
        with connect(daemon) as sock:
            sock.sendall(data)
            answer = rest(sock)
            if why not in answer:
                raise Failure("%r: %r, expected %r" % (data, answer, why))
    if "brings" in daemon.said():
        raise Failure(daemon.said())
    daemon.ends_well()


def test_garbage_over_tls_port(luck):
    daemon = Daemon(luck)
    for data in (b"", b"\0" * 1000, os.urandom(5000), b"\x16\x03\x01\x40\x00" + bytes(100)):
        with connect(daemon) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            rest(sock)
    steady = luck.steady(nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    daemon.ends_well()


def test_silent_connections(luck):
    """More of them than there are places do not keep others out."""
    daemon = Daemon(luck)
    silent = [connect(daemon) for _ in range(80)]
    steady = luck.steady(nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    start = time.monotonic()
    for sock in silent:
        rest(sock)
        sock.close()
    if time.monotonic() - start > 15:
        raise Failure("silent connections are kept for %d s" % (time.monotonic() - start))
    daemon.says("refused: the other side does not answer")
    daemon.says("refused: others wait")
    daemon.ends_well()


def test_replay(luck):
    """What a client has sent once is worth nothing a second time."""
    daemon = Daemon(luck)
    proxy = Proxy(daemon.port)
    steady = luck.steady(nodes=daemon.nodes(port=proxy.own))
    steady.migrate("far")
    steady.finishes()
    proxy.close()
    before = daemon.said().count("brings")
    for data in (proxy.sent[:2000], proxy.sent[:300]):
        with connect(daemon) as sock:
            sock.sendall(data)
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:  # it has been refused already
                pass
            rest(sock)
    daemon.until(lambda: daemon.said().count("refused") == 2, "both are refused")
    if before != 1 or daemon.said().count("brings") != 1:
        raise Failure(daemon.said())
    daemon.ends_well()


# --- Executables -------------------------------------------------------------

BUILD_ID = 28  # in the note


def build_id_of(path):
    out = subprocess.check_output(["readelf", "-x", ".note.popcorn", path], text=True)
    words = "".join(re.findall(r"^  0x\S+ ((?:[0-9a-f]{2,8} ?)+)", out, re.M)).replace(" ", "")
    return bytes.fromhex(words)[BUILD_ID:BUILD_ID + 32]


def bring(daemon, build_id, data, size=None):
    with connect(daemon) as sock:
        sock.sendall(b"popcorn\1" + hello() + wish(build_id, size or len(data)))
        for at in range(0, len(data), 60000):
            try:
                sock.sendall(frame(4, data[at:at + 60000]))
            except OSError:
                break
        sock.shutdown(socket.SHUT_WR)
        return rest(sock)


def test_executables(luck):
    """Another program than was announced, or only a part of it, is not run."""
    daemon = Daemon(luck, "--plain", key=None)
    app = luck.program("steady")
    with open(app, "rb") as file:
        whole = file.read()
    build_id = build_id_of(app)
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 1
    for data, size, why in ((bytes(damaged), None, b"build id"),
                            (whole[:len(whole) // 2], len(whole), None),
                            (whole[:len(whole) // 2], None, b""),
                            (b"\x7fELF" + bytes(5000), None, b"not a program"),
                            (whole + b"more", len(whole), b"too large")):
        answer = bring(daemon, build_id, data, size)
        if why and why not in answer:
            raise Failure("%r expected: %r" % (why, answer))
    answer = bring(daemon, hashlib.sha256(b"").digest(), whole)
    if b"another build id" not in answer:
        raise Failure("wrong build id: %r" % answer)
    daemon.until(lambda: daemon.said().count("has ended") == 6, "agents end")
    if os.listdir(luck.path("cache")) not in ([], [build_id.hex()]):
        raise Failure("cache: %s" % os.listdir(luck.path("cache")))
    daemon.ends_well()


def test_cache(luck):
    """An executable comes once; one that has been damaged there comes again."""
    daemon = Daemon(luck)
    app = luck.program("steady")
    cached = os.path.join(luck.path("cache"), build_id_of(app).hex())
    steady = luck.steady(nodes=daemon.nodes())
    there_and_back(steady)
    if os.stat(luck.path("cache")).st_mode & 0o77:
        raise Failure("others can enter the cache")
    with open(app, "rb") as one, open(cached, "rb") as other:
        if one.read() != other.read():
            raise Failure("not the same")
    os.chmod(cached, 0o700)
    with open(cached, "r+b") as file:
        file.seek(70000)
        file.write(b"damage")
    there_and_back(steady)
    steady.finishes()
    daemon.ends_well()


def test_policy(luck):
    app, other = luck.program("steady"), luck.program("streams")
    daemon = Daemon(luck, "--allow-build", other)
    steady = luck.steady(nodes=daemon.nodes())
    steady.migrate("far", 1, "popcorn migrate: node far: this program is not welcome here\n")
    daemon.says("refused: this program is not welcome here")
    daemon.ends_well()
    steady.finishes()
    daemon = Daemon(luck, "--allow-build", other, "--allow-build", app, "--allow-user", "any")
    steady = luck.steady(nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    daemon.ends_well()
    daemon = Daemon(luck, "--allow-user", "nobody-of-this-name")
    steady = luck.steady(nodes=daemon.nodes())
    steady.migrate("far", 1,
                   "popcorn migrate: node far: this user's programs are not welcome here\n")
    steady.finishes()
    daemon.ends_well()
