"""Other machines: popcornd, and what lies between it and popcorn-run."""

import os
import re
import select
import socket
import struct
import threading
import time

from luck import Started
from program import Skip


class Daemon(Started):
    """popcornd on a free port."""

    def __init__(self, luck, *options, key="key", address="127.0.0.1:0", prefix=(),
                 env=None):
        if key and not os.path.exists(luck.path(key)):
            luck.expect(0, "", luck.tool("popcorn"), "key", luck.path(key))
        self.key = luck.path(key) if key else None
        command = [*prefix, luck.tool("popcornd"), "--listen", address, "--cache", luck.path("cache"),
                   *(["--key", self.key] if key else []), *options]
        super().__init__(luck, command, {"env": dict(luck.environment, **(env or {}))})
        luck.started.append(self)
        self.until(lambda: "listening on" in self.said() or self.process.poll() is not None,
                   "listens")
        listening = re.search("listening on (.*)", self.said())
        if not listening and "built without libfabric" in self.said():
            raise Skip("built without libfabric")
        if not listening:
            self.fail("does not listen")
        self.address = listening.group(1)
        self.kind = "fabric" if self.address.startswith("fabric:") else "tcp"
        self.port = int(self.address.split(":")[-1]) if ":" in self.address[5:] else 0

    def nodes(self, port=None, name="far", key=None):
        return ["--node", "x86=local", "--node", "%s=%s:127.0.0.1:%d" % (
                    name, self.kind, port or self.port),
                *(["--key", key or self.key] if self.key else ["--plain"])]

    def ends_well(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        if "AddressSanitizer" in self.said() or "runtime error" in self.said():
            self.fail("sanitizer")

    def says(self, pattern, seconds=15):
        self.until(lambda: re.search(pattern, self.said()), pattern, seconds)


class Proxy:
    """Between popcorn-run and popcornd: counts TLS records, and has `then` deal with the Nth one,
    of either side.  It says what is to go on in its place, and what behind the next one; or None:
    nothing goes on any more."""

    def __init__(self, port, last=None, then=None):
        self.port, self.last, self.then = port, last, then
        self.count = 0
        self.lock = threading.Lock()
        self.sent = bytearray()
        self.socks, self.threads = [], []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.own = self.server.getsockname()[1]
        self.begin(self.serve)

    def begin(self, what, *arguments):
        self.threads.append(threading.Thread(target=what, args=arguments, daemon=True))
        self.threads[-1].start()

    def serve(self):
        while True:
            try:
                near = self.server.accept()[0]
            except OSError:
                return
            try:
                far = self.connect()
            except OSError:
                near.close()
                continue
            self.socks += [near, far]
            for pair in ((near, far), (far, near)):
                self.begin(self.carry, *pair)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def record(self, sock):
        data = b""
        want = 5
        while len(data) < want:
            more = sock.recv(want - len(data))
            if not more:
                return b""
            data += more
            if len(data) == 5:
                want = 5 + struct.unpack(">H", data[3:5])[0]
        return data

    def carry(self, source, target):
        behind = b""
        try:
            while True:
                if behind and not select.select([source], [], [], 1)[0]:
                    target.sendall(behind) # there is no next one
                    behind = b""
                data = self.record(source)
                if not data:
                    break
                data, behind = data + behind, b""
                with self.lock:
                    self.count += 1
                    met = self.count == self.last
                    if source is self.socks[0]:
                        self.sent += data
                if met:
                    then = self.then(data)
                    if not then:
                        return
                    data, behind = then
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self, data=None):
        for sock in self.socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def later(data):
        time.sleep(0.05)
        return data, b""

    @staticmethod
    def twice(data):
        return data + data, b""

    @staticmethod
    def behind_the_next(data):
        return b"", data

    @staticmethod
    def damaged(data):
        at = len(data) // 2
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:], b""

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self.threads:
            thread.join(2)
        for sock in (self.server, *self.socks):
            sock.close()


class Slow(Proxy):
    """Carries so many bytes a second from popcorn-run to popcornd (home: back), until `stop` of
    them have gone; then, nothing any more.  Later links are as fast as can be."""

    # Segments of 64 KiB overflow what a slow reader has room for.
    SEGMENT = socket.IPPROTO_TCP, socket.TCP_MAXSEG, 4096

    def __init__(self, port, rate, stop=None, home=False):
        self.rate, self.stop, self.carried, self.source = rate, stop, 0, int(home)
        super().__init__(port)
        self.server.setsockopt(*self.SEGMENT)

    def connect(self):
        far = socket.socket()
        try:
            far.setsockopt(*self.SEGMENT)
            far.connect(("127.0.0.1", self.port))
        except OSError:
            far.close()
            raise
        return far

    def record(self, sock):
        data = super().record(sock)
        if sock is self.socks[self.source]:
            time.sleep(len(data) / self.rate)
            self.carried += len(data)
            while self.stop and self.carried > self.stop:
                time.sleep(0.1)
        return data


class Hastening(Proxy):
    """Carries the first `late` records from popcorn-run to popcornd slowly."""

    def __init__(self, port, late):
        self.late = late
        super().__init__(port)

    def record(self, sock):
        data = super().record(sock)
        if sock is self.socks[0] and self.late:
            self.late -= 1
            time.sleep(0.02)
        return data
