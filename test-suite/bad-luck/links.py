"""Nodes on other machines: keys, strangers, links that are cut."""

import hashlib
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

from luck import Started
from machines import Daemon, Proxy
from program import Failure, Program

EXIT_LINK = 76
FABRIC = "fabric:127.0.0.1:0"  # libfabric's tcp
LINK = "node far: the link was cut while the program was there: .*"
BUILD_ID = 28  # in the note


def there_and_back(steady, far="far"):
    for _ in range(2):
        steady.migrate(far)
        if steady.state()["node"] != far:
            raise Failure("not there: %s" % steady.state())
        steady.migrate("x86")


def run_there_and_back(luck, *options, what="threads", **daemon_options):
    daemon = Daemon(luck, *options, **daemon_options)
    steady = luck.steady(what, nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    steady = luck.steady(what, nodes=daemon.nodes())
    steady.migrate("far")
    steady.finishes()
    daemon.ends_well()


def test_threads_there_and_back(luck):
    run_there_and_back(luck)


def test_threads_there_and_back_emulated(luck):
    run_there_and_back(luck, "--isa", "arm=qemu:aarch64")


def test_plain_there_and_back(luck):
    run_there_and_back(luck, "--plain", key=None)


def test_memory_there_and_back(luck):
    run_there_and_back(luck, what="big")


def test_wanted_isa(luck):
    daemon = Daemon(luck, "--isa", "x86=local", "--isa", "arm=qemu:aarch64")
    nodes = daemon.nodes()
    nodes[3] += ",isa=aarch64"
    steady = luck.steady(nodes=nodes)
    steady.migrate("far")
    if "aarch64" not in luck.output(luck.tool("popcorn"), "ps")[1]:
        raise Failure("not on aarch64")
    steady.finishes()
    daemon.ends_well()
    daemon = Daemon(luck, "--isa", "x86=local")
    nodes[3] = daemon.nodes()[3] + ",isa=aarch64"
    steady = luck.steady(nodes=nodes)
    steady.migrate("far", 1, "popcorn migrate: node far: no node of that ISA here\n")
    steady.finishes()
    daemon.ends_well()


def between_two_machines(luck, **first_options):
    first, second = Daemon(luck, **first_options), Daemon(luck, "--isa", "arm=qemu:aarch64")
    nodes = first.nodes(name="one") + second.nodes(name="two")[2:4]
    steady = luck.steady("threads", nodes=nodes)
    for node in ("one", "two", "one", "x86", "two"):
        steady.migrate(node)
    steady.finishes()
    first.ends_well()
    second.ends_well()


def test_between_two_machines(luck):
    between_two_machines(luck)


def test_unix_socket(luck):
    path = os.path.join(luck.run_directory, "daemon")
    daemon = Daemon(luck, key=None, address="unix:" + path)
    steady = luck.steady(nodes=["--node", "x86=local", "--node", "far=unix:" + path])
    there_and_back(steady)
    steady.finishes()
    daemon.ends_well()


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


# --- Keys --------------------------------------------------------------------

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


def refuses_wrong_key(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("other"))
    steady = luck.steady(nodes=daemon.nodes(key=luck.path("other")))
    steady.migrate("far", 1, "popcorn migrate: node far: TLS handshake: .*\n")
    daemon.says("refused: TLS handshake")
    if "brings" in daemon.said():
        raise Failure(daemon.said())
    steady.finishes()
    daemon.ends_well()


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


def test_nobody_listens(luck):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("key"))
    steady = luck.steady(nodes=["--node", "x86=local", "--node", "far=tcp:127.0.0.1:%d" % port,
                                "--key", luck.path("key")])
    steady.migrate("far", 1, "popcorn migrate: node far: .*[Cc]onnection refused\n")
    steady.finishes()


def test_hosts(luck):
    """Nodes from a file, a list, a Slurm job: taken, or refused with the place."""
    daemon = Daemon(luck)
    hosts = luck.path("hosts")

    def write(text):
        with open(hosts, "w") as file:
            file.write(text)

    write("# comment\n\n127.0.0.1 port=%d slots=4 name=far  # this one\n" % daemon.port)
    steady = luck.steady(nodes=["--hostfile", hosts, "--key", daemon.key])
    steady.migrate("far")
    steady.migrate("local")
    steady.finishes()
    steady = luck.steady(nodes=["-H", "127.0.0.1:%d" % daemon.port, "--key", daemon.key])
    steady.migrate("127.0.0.1")
    steady.finishes()
    daemon.ends_well()

    run = [luck.tool("popcorn-run"), "--key", daemon.key]
    app = luck.program("streams")
    for text, why in (("127.0.0.1 port=0\n", "hosts:1: 'port=0'.*"),
                      ("# x\n127.0.0.1 slots=many\n", "hosts:2: 'slots=many'.*"),
                      ("127.0.0.1 name=\n", "hosts:1: 'name='.*"),
                      ("127.0.0.1 name=" + "n" * 40, "hosts:1: 'name=.*"),
                      ("127.0.0.1\n127.0.0.1\n", "hosts:2: node '127.0.0.1' is named twice"),
                      ("x" * 2000, "hosts:1: line too long"),
                      ("no.such.host.invalid", "hosts:1: no.such.host.invalid: .*"),
                      ("# nothing\n", "hosts: no hosts")):
        write(text)
        luck.expect(125, "popcorn-run: .*%s\n" % why, *run, "--hostfile", hosts, app)
    luck.expect(125, ".*No such file.*\n", *run, "--hostfile", luck.path("none"), app)
    luck.expect(125, ".*HOST,HOST.*\n", *run, "-H", "127.0.0.1,,", app)
    for nodes, why in (("a[1-", "no ]"), ("a[3-1]", "a range of numbers.*"),
                       ("a[1-3]]", "a name.*"), ("a[]", "a range of numbers.*"),
                       ("a[1-9999999999]", "a range of numbers.*"), (",", "a name.*"),
                       ("a[x]", "a range of numbers.*"), ("", ".*no Slurm job"),
                       ("127.0.0.[1-99]", "too many nodes"), ("127.0.[0-9].[1-9]", "too many.*")):
        luck.expect(125, "popcorn-run: .*%s\n" % why, *run, "--slurm", app,
                    env=dict(luck.environment, SLURM_JOB_NODELIST=nodes))
    for nodes in ("127.0.0.[1-3,07],127.0.1.1", "127.0.[0-1].[1-2]"):
        luck.expect(9, "total 0\n", *run, "--slurm", app,
                    env=dict(luck.environment, SLURM_JOB_NODELIST=nodes))


# --- Strangers ---------------------------------------------------------------

def connect(daemon):
    sock = socket.create_connection(("127.0.0.1", daemon.port))
    sock.settimeout(20)
    return sock


def rest(sock):
    data = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return data
            data += more
    except (ConnectionError, OSError):
        return data


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


def hops_there(luck, program, app, every, pause):
    """What it does, and its timeline; at every so many polls it stays so many microseconds."""
    trace = luck.path("trace")
    settings = dict(POPCORN_SELF=every, POPCORN_SELF_PAUSE=pause)
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64", env=settings)
    got = luck.output(
        luck.tool("popcorn-run"), *daemon.nodes(), "--quiet", "--trace", trace,
        "--hop", "20:0-1:13", app, *program.args, seconds=60,
        env=dict(luck.environment, **settings))
    daemon.ends_well()
    with open(trace) as file:
        return got, file.read()


def test_many_programs(luck):
    """Of the test-suite, hopping between this machine and an emulated other one."""
    suite = os.path.dirname(luck.folder)
    moves = 0
    for name in ("migrate/qsort-callback", "migrate/setjmp-nested", "migrate/function-pointers",
                 "thread/mutex-counter", "thread/condition-queue", "thread/tls"):
        program = Program(os.path.join(suite, name + ".c"), luck.build)
        app = program.popcorn(luck.path(os.path.basename(name)), "O1")
        natively = luck.output(app, *program.args)
        # One that polls seldom ends before it has been met often.
        for every, pause in ("97", "4000"), (program.every, "4000"), (program.every, "40000"):
            got, events = hops_there(luck, program, app, every, pause)
            failed = [line for line in events.splitlines()
                      if "event=failed" in line and "the program ended" not in line]
            if got != natively or failed:
                raise Failure("%s: %s, natively %s\n%s" % (name, got, natively, events))
            if events.count("event=move") >= 4:
                break
        moves += events.count("event=move")
    if moves < 20:
        raise Failure("only %d moves" % moves)


def two_programs(luck, **daemon_options):
    daemon = Daemon(luck, "--max", "2", **daemon_options)
    first = luck.steady("threads", nodes=daemon.nodes())
    second = Second(luck, daemon.nodes())
    first.migrate("far")
    second.migrate("far")
    third = Second(luck, daemon.nodes(), "third")
    third.migrate("far", 1, "popcorn migrate: node far: as many programs as may be are here "
                            "already\n")
    first.migrate("x86")
    daemon.until(lambda: daemon.said().count("has ended") >= 1, "the first one's agent ends")
    third.migrate("far")
    for program in (first, second, third):
        program.finishes()
    daemon.ends_well()


def test_two_programs(luck):
    two_programs(luck)


def Second(luck, nodes, name="second"):
    from luck import Steady

    class Other(Steady):
        def __init__(self):
            self.stop, self.beats = luck.path("stop-" + name), luck.path("beats-" + name)
            Started.__init__(self, luck, [luck.tool("popcorn-run"), *nodes,
                                          luck.program("steady"), self.stop, self.beats], {})
            self.goes_on()

    other = Other()
    luck.started.append(other)
    return other


# --- Links that are cut ------------------------------------------------------

def at_every_record(luck, then_of, restart):
    """The link ends at the Nth record of a move, for each N: the program goes on."""
    daemon = Daemon(luck)
    for number in range(1, 200):
        if restart and daemon.process.poll() is not None:
            daemon = Daemon(luck)
        proxy = Proxy(daemon.port, number)
        proxy.then = then_of(daemon, proxy)
        for path in (luck.path("stop"), luck.path("beats")):
            if os.path.exists(path):
                os.unlink(path)
        steady = luck.steady("threads", nodes=daemon.nodes(port=proxy.own))
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "far")
        if status:
            if not re.fullmatch("popcorn migrate: node far: .*\n", output):
                raise Failure("record %d: %s" % (number, output))
            steady.goes_on()
            steady.finishes(r"(popcorn-run: node far: .*\n)?good\n")
        proxy.close()
        if not status:
            steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
            break
    if number < 6:
        raise Failure("moved at record %d" % number)
    return daemon


def test_link_cut_at_every_record(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.cut, False).ends_well()


def test_daemon_killed_at_every_record(luck):
    def killer(daemon, proxy):
        def then(data):
            daemon.process.kill()
            daemon.process.wait()
            time.sleep(0.1)
            proxy.cut()
        return then
    at_every_record(luck, killer, True).ends_well()


def test_link_cut_while_away(luck):
    daemon = Daemon(luck)
    proxy = Proxy(daemon.port)
    steady = luck.steady("threads", nodes=daemon.nodes(port=proxy.own))
    steady.migrate("far")
    proxy.close()
    steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
    daemon.says("has ended")
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    daemon.ends_well()


def ends_with(luck, end, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    end(daemon)
    steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    daemon.process.wait(20)
    return daemon


def test_daemon_ends_while_away(luck):
    daemon = ends_with(luck, lambda daemon: daemon.process.terminate())
    daemon.says("1 programs are sent away")


def test_daemon_killed_while_away(luck):
    ends_with(luck, lambda daemon: daemon.process.kill())


def origin_killed(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    steady.process.kill()
    steady.process.wait()
    daemon.says("has ended")
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    for name in os.listdir(luck.run_directory + "/popcorn"):
        os.unlink(luck.run_directory + "/popcorn/" + name)
    daemon.ends_well()


def test_origin_killed_while_away(luck):
    origin_killed(luck)


# --- Streams, signals, ends --------------------------------------------------

def big_input(luck, lines=300000):
    with open(luck.path("input"), "w") as file:
        file.writelines("%d\n" % i for i in range(lines))
    return luck.path("input")


def copies(luck, daemon, source, *more, how="slow", hops="50:5-40:1", status=9):
    """streams.c moved about while it copies: not a byte is lost or doubled."""
    trace = luck.path("trace")
    command = [luck.tool("popcorn-run"), "--trace", trace, "--hop", hops, *daemon.nodes(),
               luck.program("streams"), how, *more]
    done = subprocess.run(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=luck.environment, cwd=luck.where, timeout=60)
    with open(luck.path("input"), "rb") as file:
        expected = file.read()
    with open(trace) as file:
        events = file.read()
    failed = [line for line in events.splitlines()  # the last one may come too late
              if "event=failed" in line and "the program ended" not in line]
    if (done.returncode != status or done.stdout != expected
            or done.stderr != b"total %d\n" % len(expected) or failed):
        raise Failure("status %d, %d of %d bytes, %r\n%s" % (
            done.returncode, len(done.stdout), len(expected), done.stderr, events))
    if events.count("event=move") < 3:
        raise Failure("hardly moved:\n" + events)


def test_streams_pipe(luck):
    daemon = Daemon(luck)
    with subprocess.Popen(["cat", big_input(luck)], stdout=subprocess.PIPE) as cat:
        copies(luck, daemon, cat.stdout)
    daemon.ends_well()


def test_streams_file(luck):
    daemon = Daemon(luck)
    with open(big_input(luck), "rb") as file:
        copies(luck, daemon, file)
    daemon.ends_well()


def test_streams_emulated(luck):
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64")
    with subprocess.Popen(["cat", big_input(luck, 900000)], stdout=subprocess.PIPE) as cat:
        copies(luck, daemon, cat.stdout, hops="50:5-40:1")
    daemon.ends_well()


def test_streams_socket(luck):
    daemon = Daemon(luck)
    ours, theirs = socket.socketpair()
    with open(big_input(luck), "rb") as file:
        data = file.read()
    sender = threading.Thread(target=lambda: (ours.sendall(data), ours.close()))
    sender.start()
    copies(luck, daemon, theirs)
    sender.join()
    daemon.ends_well()


def test_output_is_not_read(luck):
    """Back-pressure: the program waits, and all comes in the end; it can even leave."""
    daemon = Daemon(luck)
    hold = luck.path("hold")
    big_input(luck)
    with open(luck.path("input"), "rb") as source:
        run = subprocess.Popen([luck.tool("popcorn-run"), *daemon.nodes(), "--at", "100:far",
                                luck.program("streams"), "hold", hold], stdin=source,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=luck.environment, cwd=luck.where)
        daemon.says("brings")
        open(hold, "w").close()
        time.sleep(1)
        out, err = run.communicate(timeout=30)
    with open(luck.path("input"), "rb") as file:
        if out != file.read() or run.returncode != 9:
            raise Failure("status %d, %d bytes, %r" % (run.returncode, len(out), err))
    daemon.ends_well()


def test_reader_goes_away(luck):
    daemon = Daemon(luck)
    big_input(luck)
    with open(luck.path("input"), "rb") as source:
        run = subprocess.Popen([luck.tool("popcorn-run"), *daemon.nodes(), "--at", "100:far",
                                luck.program("streams"), "slow"], stdin=source,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=luck.environment, cwd=luck.where)
        daemon.says("brings")
        time.sleep(0.3)
        run.stdout.close()
        status = run.wait(30)
        run.stderr.close()
    if status not in (128 + signal.SIGPIPE, 1):  # python's children may ignore it
        raise Failure("status %d" % status)
    daemon.ends_well()


def test_statuses(luck):
    daemon = Daemon(luck)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        steady = luck.steady(nodes=daemon.nodes())
        steady.migrate("far")
        steady.process.send_signal(number)
        steady.ends(128 + number, "")
    steady = luck.steady("handles", nodes=daemon.nodes())
    steady.migrate("far")
    steady.process.send_signal(signal.SIGTERM)
    steady.process.send_signal(signal.SIGHUP)
    steady.until(lambda: "!!" in steady.said(), "both are handled")
    steady.migrate("x86")
    steady.process.send_signal(signal.SIGINT)
    steady.until(lambda: "!!!" in steady.said(), "this one too")
    steady.finishes("!!!good\nTERM 1 INT 1 HUP 1\n")
    daemon.ends_well()


def stop_and_continue(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes(), preexec_fn=os.setpgrp)
    steady.migrate("far")
    for _ in range(3):
        steady.process.send_signal(signal.SIGTSTP)
        steady.until(lambda: is_stopped(steady.pid), "popcorn-run stops")
        time.sleep(0.2)
        before = steady.beat()
        time.sleep(0.2)
        if steady.beat() != before:
            raise Failure("the program goes on")
        steady.process.send_signal(signal.SIGCONT)
        steady.goes_on()
    steady.migrate("x86")
    steady.finishes()
    daemon.ends_well()


def test_stop_and_continue(luck):
    stop_and_continue(luck)


def is_stopped(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def test_stays_with_what_cannot_follow(luck):
    daemon = Daemon(luck)
    ours, theirs = socket.socketpair()
    steady = luck.steady(nodes=daemon.nodes(), pass_fds=[theirs.fileno()])
    steady.migrate("far", 1, r"popcorn migrate: the program cannot leave: its descriptor %d "
                             r"\(socket .*\) belongs to this machine\n" % theirs.fileno())
    steady.finishes()
    ours.close()
    theirs.close()
    daemon.ends_well()


def test_checkpoint_while_away(luck):
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64")
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    saved = luck.path("saved")
    steady.popcorn(0, "", "checkpoint", "-o", saved, "--leave-running")
    steady.goes_on()
    steady.migrate("x86")
    steady.migrate("far")
    steady.popcorn(0, "", "checkpoint", "-o", saved)
    steady.ends(75, "")
    daemon.says("has ended")
    restored = luck.restored(luck.tool("popcorn"), "restore", saved)
    restored.finishes()
    daemon.ends_well()


# --- libfabric ---------------------------------------------------------------

def test_fabric_there_and_back(luck):
    run_there_and_back(luck, address=FABRIC)


def test_fabric_there_and_back_emulated(luck):
    run_there_and_back(luck, "--isa", "arm=qemu:aarch64", address=FABRIC)


def test_fabric_plain_there_and_back(luck):
    run_there_and_back(luck, "--plain", key=None, address=FABRIC)


def test_fabric_memory_there_and_back(luck):
    run_there_and_back(luck, what="big", address=FABRIC)


def test_fabric_wrong_key(luck):
    refuses_wrong_key(luck, address=FABRIC)


def test_fabric_two_programs(luck):
    two_programs(luck, address=FABRIC)


def test_fabric_with_tcp(luck):
    """From one machine by libfabric to another one by a socket."""
    between_two_machines(luck, address=FABRIC)


def test_fabric_streams(luck):
    daemon = Daemon(luck, address=FABRIC)
    with subprocess.Popen(["cat", big_input(luck)], stdout=subprocess.PIPE) as cat:
        copies(luck, daemon, cat.stdout)
    daemon.ends_well()


def test_fabric_stop_and_continue(luck):
    stop_and_continue(luck, address=FABRIC)


def fabric_request(luck, key):
    """What libfabric says first when it connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        steady = luck.steady(nodes=["--node", "x86=local", "--node",
                                    "far=fabric:127.0.0.1:%d" % port, "--key", key])
        command = luck.start(luck.tool("popcorn"), "migrate", str(steady.pid), "far")
        sock = server.accept()[0]
        data = sock.recv(4096)
        sock.close()
        command.ends(1, "popcorn migrate: node far: .*\n")
        steady.finishes()
    return data


def test_fabric_silent_connections(luck):
    """Nothing, something else, part of a request, a request and nothing more."""
    daemon = Daemon(luck, address=FABRIC)
    request = fabric_request(luck, daemon.key)
    silent = [connect(daemon) for _ in range(80)]
    for number, data in enumerate((os.urandom(3000), request[:4], request[:16], request[:20],
                                   request[:-1], request, request + bytes(5000))):
        for sock in silent[10 * number:10 * number + 10]:
            sock.sendall(data)
    steady = luck.steady(nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    daemon.says("refused: the other side does not answer")
    for sock in silent:
        sock.close()
    daemon.ends_well()


def test_fabric_nobody_listens(luck):
    daemon = Daemon(luck, address=FABRIC)
    daemon.ends_well()
    daemon.until(lambda: not carriers(luck), "its carrier ends")
    steady = luck.steady(nodes=daemon.nodes())
    steady.migrate("far", 1, "popcorn migrate: node far: .*Connection refused\n")
    steady.finishes()


def test_fabric_daemon_ends_while_away(luck):
    daemon = ends_with(luck, lambda daemon: daemon.process.terminate(), address=FABRIC)
    daemon.says("1 programs are sent away")


def test_fabric_daemon_killed_while_away(luck):
    ends_with(luck, lambda daemon: daemon.process.kill(), address=FABRIC)


def test_fabric_origin_killed_while_away(luck):
    origin_killed(luck, address=FABRIC)


def carriers(luck):
    def name(pid):
        try:
            with open("/proc/%d/comm" % pid) as file:
                return file.read().strip()
        except OSError:
            return None
    return [pid for pid in luck.processes() if name(pid) == "popcorn-fabric"]


def test_fabric_carriers_killed(luck):
    def end(daemon):
        for pid in carriers(luck):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it has nothing to carry any more
                pass
        daemon.says("libfabric's process has gone")
    ends_with(luck, end, address=FABRIC)
