# mypy: ignore-errors
"""Children: everything that may hang runs in one, all beside each other, each until its deadline.

A part of probe.py: Python 3.6, standard library alone. There are no threads here, so a fork is safe.
"""

import errno
import json
import os
import resource
import select
import signal
import time

MAX_CHILDREN = 32
MAX_OUT_BYTES = 8 << 20
MAX_ERR_BYTES = 4096
CRASH = 70
"""What a function that failed ends with; a program may end with it for reasons of its own."""
NOT_STARTED = b"\0not started: "
CLEAN_ENVIRONMENT = {"LANG": "C", "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"}


class Ended:
    """How a child ended: ``error`` is empty where it did of its own accord."""

    def __init__(self, error, status=None, out=b"", err=b"", cut=False):
        self.error, self.status, self.out, self.err, self.cut = error, status, out, err, cut

    def said(self):
        """The JSON values that the function of a call said, in their order."""
        values = []
        for line in self.out.split(b"\n"):
            try:
                values.append(json.loads(line.decode("ascii")))
            except ValueError:
                continue
        return values


class Child:
    """One that runs."""

    def __init__(self, pid, out, err, done, end, crash):
        self.pid, self.done, self.end, self.crash = pid, done, end, crash
        self.data = {out: b"", err: b""}
        self.out, self.err, self.open = out, err, {out, err}
        self.cut, self.status, self.grace = False, None, 0.0

    def read(self, descriptor):
        try:
            more = os.read(descriptor, 65536)
        except OSError:
            more = b""
        if not more:
            os.close(descriptor)
            self.open.discard(descriptor)
            return
        limit = MAX_OUT_BYTES if descriptor == self.out else MAX_ERR_BYTES
        room = limit - len(self.data[descriptor])
        self.cut = self.cut or len(more) > room
        self.data[descriptor] += more[: max(0, room)]

    def reap(self):
        """Whether it has ended; never waits."""
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except OSError:
                pid, status = self.pid, 0xFF00
            if pid:
                self.status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                self.grace = time.monotonic() + 0.2
        return self.status is not None

    def kill(self):
        """End it and what it started; say whether it could be ended."""
        until = time.monotonic() + 0.3
        while not self.reap() and time.monotonic() < until:
            for kill in (os.killpg, os.kill):
                try:
                    kill(self.pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.005)
        return self.status is not None

    def ended(self, error=""):
        for descriptor in self.open:
            os.close(descriptor)
        out, err = self.data[self.out], self.data[self.err]
        if not error and self.status == 126 and err.startswith(NOT_STARTED):
            return Ended(err[len(NOT_STARTED) :].decode("ascii", "replace"))
        return Ended(error, self.status, out, err, self.cut)


class Crew:
    """The children of one run. ``done`` of each is called here with how it Ended, and may start more."""

    def __init__(self, end):
        self.end, self.waiting, self.running, self.troubles = end, [], [], []
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.most = MAX_CHILDREN if files < 0 else max(1, min(MAX_CHILDREN, (files - 20) // 4))

    def command(self, argv, done, timeout_s):
        """Run a program, by its whole path, in a clean environment and with no input."""

        def start():
            try:
                os.chdir("/")
                os.execve(argv[0], argv, CLEAN_ENVIRONMENT)
            except OSError as error:
                # The program was there a moment ago: what isn't is its interpreter or loader.
                code = errno.ENOEXEC if error.errno == errno.ENOENT else error.errno
                os.write(2, NOT_STARTED + errno.errorcode.get(code, "EIO").encode())
                os._exit(126)

        self._add(start, done, timeout_s, None)

    def call(self, function, done, timeout_s):
        """Run ``function(say)``; each value that it says is carried here, whatever becomes of it then."""

        def say(value):
            data = json.dumps(value).encode("ascii") + b"\n"
            while data:
                data = data[os.write(1, data) :]

        def start():
            try:
                function(say)
                os._exit(0)
            except BaseException as error:
                os.write(2, type(error).__name__.encode("ascii", "replace"))
                os._exit(CRASH)

        self._add(start, done, timeout_s, CRASH)

    def run(self):
        """Until all have ended, and those that they brought."""
        try:
            while self.waiting or self.running:
                while self.waiting and len(self.running) < self.most:
                    if not self._start(*self.waiting.pop(0)):
                        break
                self._wait()
        finally:
            for child in self.running:
                child.kill()

    def _add(self, *what):
        if len(self.running) < self.most:
            self._start(*what)
        else:
            self.waiting.append(what)

    def _start(self, start, done, timeout_s, crash):
        """Begin one, or put it off where the user may have no more processes until others have ended."""
        now = time.monotonic()
        if now >= self.end:
            self._tell(done, Ended("no-time"))
            return True
        pipes = []
        try:
            pipes.append(os.pipe())
            pipes.append(os.pipe())
            pid = os.fork()
        except OSError as error:
            for descriptor in [one for pair in pipes for one in pair]:
                os.close(descriptor)
            if self.running:
                self.waiting.insert(0, (start, done, timeout_s, crash))
                return False
            self._tell(done, Ended(errno.errorcode.get(error.errno, "EIO")))
            return True
        out, err = pipes
        if pid == 0:
            try:
                become_child(out[1], err[1], timeout_s)
                start()
            finally:
                os._exit(CRASH)
        os.close(out[1])
        os.close(err[1])
        self.running.append(Child(pid, out[0], err[0], done, min(now + timeout_s, self.end), crash))
        return True

    def _wait(self):
        poll = select.poll()
        owners = {descriptor: child for child in self.running for descriptor in child.open}
        for descriptor in owners:
            poll.register(descriptor, select.POLLIN | select.POLLHUP)
        now = time.monotonic()
        soonest = min([child.end for child in self.running] or [now])
        quiet = any(not child.open for child in self.running)
        wait_s = min(0.002 if quiet else 0.1, max(0.0, soonest - now))
        for descriptor, _ in poll.poll(int(wait_s * 1000) + 1):
            owners[descriptor].read(descriptor)
        for child in list(self.running):
            now = time.monotonic()
            if child.reap() and (not child.open or now > child.grace):
                error = "crashed" if child.status < 0 or child.status == child.crash else ""
            elif now >= child.end:
                error = "timeout" if child.kill() else "abandoned"
            else:
                continue
            self.running.remove(child)
            self._tell(child.done, child.ended(error))

    def _tell(self, done, ended):
        try:
            done(ended)
        except Exception as error:
            self.troubles.append("%s: %s" % (done.__qualname__, type(error).__name__))


def become_child(out, err, timeout_s):
    """Keep nothing of whoever ran the probe open: a child that hangs for ever must hold nobody up."""
    os.setsid()
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # Standard descriptors that were closed when the probe began are what the pipes may have got.
    out, err = os.dup(out), os.dup(err)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, 1024)
    signal.alarm(int(timeout_s) + 2)  # where the probe itself is killed, nobody else ends its children
