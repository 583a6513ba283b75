"""Runs students' code where it can harm nothing, and returns its numbers.

The walls are bubblewrap's: namespaces of its own for processes, users, files
and network. Inside, the system, the lane's Python and its packages can be
read; two small folders in memory can be written to, and nothing else is there.
"""

import json
import os
import selectors
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

WORKER = Path(__file__).parent / "worker.py"

START_SECONDS = 180
# By so much longer than a submission may take, the worker may need to end it.
GRACE_SECONDS = 5
SCRATCH_BYTES = 64 * 2**20
# What a submission may send back: far more than its numbers take.
MOST_BYTES = 16 * 2**20
MOST_ERRORS, LONGEST_ERROR = 50, 300

SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/sbin"]
SYSTEM += ["/etc/ld.so.cache", "/etc/fonts", "/etc/localtime"]

# On these the numbers must not depend; and there is no screen.
ENVIRONMENT = {
    "HOME": "/scratch",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TMPDIR": "/scratch",
}

# Where a Python keeps what it imports.
FOLDERS = """
import importlib.util, json, sys
package = importlib.util.find_spec("lossutils").submodule_search_locations
print(json.dumps([sys.base_prefix, sys.prefix, *package]))
"""


class NoSandbox(Exception):
    """No sandbox can be made here, so no student's code may run."""


class Limits(NamedTuple):
    """What one submission may take."""

    seconds: int = 120
    cell_seconds: int = 10
    mebibytes: int = 2048
    processes: int = 32


class Outcome(NamedTuple):
    """What came of one submission."""

    values: dict  # {(part, name): {"shape":, "numbers":} or {"error":}}
    errors: list  # what cells raised: (number, words)
    end: str  # why it was ended before its end, or ""
    seconds: float
    mebibytes: int


class Sandbox:
    """A worker behind walls, to which submissions are given in turn.

    Args:
        python: the Python of a lane.
        warm_up: trusted code, with the imports that take long.
        limits: a `Limits`.
    """

    def __init__(self, python, warm_up, limits):
        """Prepares it; the worker starts with the first submission."""
        self.command = [*walls(python), str(python), "-c", WORKER.read_text()]
        self.settings = {"warm_up": warm_up, **limits._asdict()}
        self.process = None

    def run(self, request):
        """Runs one submission and returns its `Outcome`.

        Args:
            request: a dict of `cells`, pairs of a number and a source;
                `imports`, a source; `parts`, dicts of `name` and `hidden`, a
                source; `seed`, an integer.
        """
        if self.process is None:
            self.start()
        self.send(request)
        seconds = self.settings["seconds"] + GRACE_SECONDS
        sent, ended = self.receive(seconds)
        if ended is None or not ended["clean"]:
            self.stop()
        if ended is None:
            # Of what was on its way, chance decides how much arrived.
            sent = b""
            ended = {"end": "it ended the grader's own process in the sandbox"}
            ended |= {"seconds": 0.0, "mebibytes": 0}
        return read(sent, ended)

    def start(self):
        """Starts the worker, and waits until it has imported."""
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(self.command, env=ENVIRONMENT, **pipes)
        for stream in (self.process.stdout, self.process.stderr):
            os.set_blocking(stream.fileno(), False)
        self.send(self.settings)
        _, started = self.receive(START_SECONDS)
        if started is None or started["failed"]:
            self.stop()
            raise NoSandbox(f"the worker did not start: {started}")

    def send(self, message):
        """Sends one line of JSON; nobody may be there to hear it."""
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def receive(self, seconds):
        """Waits for the worker's line on stderr, or its end.

        Returns:
            What was written to stdout until then, and the line, or None.
        """
        streams = self.process.stdout, self.process.stderr
        heard = {stream: bytearray() for stream in streams}
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in heard[self.process.stderr]:
                left = deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    return heard[self.process.stdout], None
                for key, _ in ready:
                    if not (chunk := key.fileobj.read(2**16)):
                        return heard[self.process.stdout], None
                    room = MOST_BYTES - len(heard[key.fileobj])
                    heard[key.fileobj] += chunk[:room]
        # Whoever wrote to stdout has ended, so what there is, is all.
        rest = self.process.stdout.read() or b""
        sent = bytes(heard[self.process.stdout] + rest)[:MOST_BYTES]
        return sent, json.loads(heard[self.process.stderr])

    def stop(self):
        """Ends the worker, and with it all that runs in its sandbox."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def walls(python):
    """Returns the command before a command that runs it in a sandbox."""
    if not shutil.which("bwrap"):
        raise NoSandbox(
            "bubblewrap is missing, without which no student's code is run: "
            "install it (Debian, Ubuntu: apt-get install bubblewrap)"
        )
    found = subprocess.run(
        [python, "-c", FOLDERS], capture_output=True, text=True, check=True
    )
    folders = json.loads(found.stdout)
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
    for place in ("/scratch", "/dev/shm"):
        command += ["--size", str(SCRATCH_BYTES), "--tmpfs", place]
    for place in SYSTEM:
        command += ["--ro-bind-try", place, place]
    if not any(folder.startswith("/tmp/") for folder in folders):
        command += ["--symlink", "/scratch", "/tmp"]
    for folder in folders:
        command += ["--ro-bind", folder, folder]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True)
    if tried.returncode:
        raise NoSandbox(
            "bubblewrap can make no sandbox here, and without one no "
            f"student's code is run: {tried.stderr.strip()}"
        )
    return command


def read(sent, ended):
    """Returns the `Outcome` that a submission's lines tell."""
    values, errors, done = {}, [], False
    for line in sent.splitlines():
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(message, dict):
            continue
        if "error" in message:
            message["error"] = str(message["error"])[:LONGEST_ERROR]
        done = done or "done" in message
        if "part" in message:
            key = (str(message["part"]), str(message.get("name")))
            values[key] = message
        elif isinstance(message.get("cell"), int):
            errors.append((message["cell"], message.get("error")))
    end = ended["end"]
    if len(sent) == MOST_BYTES:
        end = f"it sent back more than {MOST_BYTES // 2**20} MiB"
    elif not done and not end:
        end = "it ended the interpreter"
    errors = errors[:MOST_ERRORS]
    return Outcome(values, errors, end, ended["seconds"], ended["mebibytes"])
