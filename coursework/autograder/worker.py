"""What runs inside the sandbox: students' code, and nothing that knows marks.

It imports TensorFlow once and forks for each submission, which takes a
twentieth of the time. A request is one line of JSON on stdin. The child reads
it and writes numbers to stdout; what they should be is known outside alone.
The parent says on stderr how the child ended, and keeps nothing of it that
the next child could find in its memory.
"""

import builtins
import contextlib
import ctypes
import json
import linecache
import os
import resource
import select
import shutil
import signal
import sys
import time
import types
from pathlib import Path
from unittest import mock

PR_SET_DUMPABLE = 4
MOST_NUMBERS = 100_000
LONGEST_WORD = 300
LARGEST_FILE = 16 * 2**20
PAGE = resource.getpagesize()
SCRATCH = [Path("/scratch"), Path("/dev/shm")]


def main():
    """Serves requests until stdin ends."""
    if Path("/proc/1/comm").read_text() != "bwrap\n":
        raise SystemExit("the worker runs in a sandbox only: see sandbox.py")
    # Children may then not look into this process, nor write into its pipes.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    settings = json.loads(read_line())
    numbers, control = os.dup(1), os.dup(2)
    silence([1, 2])
    try:
        exec(settings["warm_up"], {"__name__": "__main__"})
    except BaseException as error:
        return write_line(control, {"failed": in_words(error)})
    write_line(control, {"failed": ""})
    incoming = select.poll()
    incoming.register(0, select.POLLIN)
    while incoming.poll()[0][1] & select.POLLIN:
        write_line(control, run_apart(settings, numbers, control))


def read_line():
    """Reads one line from stdin, and not a byte beyond it."""
    line = b""
    while not line.endswith(b"\n"):
        if not (more := os.read(0, 2**20)):
            raise EOFError("stdin ended within a line")
        line += more
    return line


def write_line(stream, message):
    """Writes one line of JSON."""
    left = json.dumps(message).encode() + b"\n"
    while left:
        left = left[os.write(stream, left) :]


def silence(streams):
    """Lets streams lead nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nothing, stream)


def run_apart(settings, numbers, control):
    """Runs a submission in a child, and says how that ended."""
    start = time.monotonic()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os.close(control)
            request = json.loads(read_line())
            silence([0])
            limit(settings)
            run(request, settings, lambda it: write_line(numbers, it))
        os._exit(0)
    end, usage = watch(child, settings)
    clean = sweep()
    return {
        "end": end,
        "clean": clean,
        "seconds": round(time.monotonic() - start, 3),
        "mebibytes": usage.ru_maxrss // 1024,
    }


def watch(child, settings):
    """Waits for a child; ends it, and all that it started, at a limit."""
    deadline = time.monotonic() + settings["seconds"]
    own = memory(os.getpid())
    end = ""
    while True:
        ended, status, usage = os.wait4(child, 0 if end else os.WNOHANG)
        if ended:
            break
        others = processes()
        taken = sum(max(0, memory(it) - own) for it in others)
        if time.monotonic() > deadline:
            end = f"it ran for more than {settings['seconds']} s"
        elif len(others) > settings["processes"]:
            end = f"it started more than {settings['processes']} processes"
        elif taken > settings["mebibytes"] * 2**20:
            end = f"it took more than {settings['mebibytes']} MiB of memory"
        if end:
            kill_others()
        else:
            time.sleep(0.02)
    kill_others()
    if not end and os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        end = f"its process was ended by {name}"
    return end, usage


def processes():
    """Returns the numbers of all processes of the sandbox, but two."""
    numbers = {int(it) for it in os.listdir("/proc") if it.isdigit()}
    return numbers - {1, os.getpid()}


def memory(process):
    """Returns how many bytes a process holds that are in no file."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()
    except OSError:  # it has just ended
        return 0
    return (int(pages[1]) - int(pages[2])) * PAGE


def kill_others():
    """Ends all processes of the sandbox but itself and the first."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def sweep():
    """Empties the folders that can be written to; tells if that worked."""
    for path in [path for folder in SCRATCH for path in folder.iterdir()]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return not any(any(folder.iterdir()) for folder in SCRATCH)


def limit(settings):
    """Sets what the kernel limits by itself."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    for what, most in {
        resource.RLIMIT_AS: pages * PAGE + settings["mebibytes"] * 2**20,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: settings["seconds"] + 1,
        resource.RLIMIT_FSIZE: LARGEST_FILE,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: 256,
    }.items():
        resource.setrlimit(what, (most, most))


class OutOfTime(BaseException):
    """A cell or a value took too long; no `except Exception` swallows it."""


@contextlib.contextmanager
def at_most(seconds):
    """Raises OutOfTime in a block that takes longer."""

    def stop(*_):
        raise OutOfTime(f"it ran for more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def run(request, settings, send):
    """Runs the cells of a notebook, then sends what its functions return.

    An error in a cell is sent, and the next cell runs, as when a student
    runs one after the other.
    """
    os.chdir(SCRATCH[0])
    notebook = new_notebook()
    for number, source in request["cells"]:
        if error := run_cell(source, notebook, f"<cell {number}>", settings):
            send({"cell": number, "error": error})
    for part in request["parts"]:
        for value in part_values(part, notebook, request, settings):
            send({"part": part["name"], **value})
    send({"done": True})


def new_notebook():
    """Returns the namespace of a new notebook, which is `__main__`."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    notebook = module.__dict__
    notebook["__builtins__"] = builtins
    # Magics do nothing, but those that run the cell below them do.
    shell = mock.MagicMock()
    shell.run_cell_magic = lambda name, line, cell: exec(cell, notebook)
    notebook["get_ipython"] = lambda: shell
    notebook["display"] = lambda *_, **__: None
    return notebook


def run_cell(source, namespace, place, settings):
    """Runs a cell, and returns its error, or ""."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with at_most(settings["cell_seconds"]):
            source = TransformerManager().transform_cell(source)
            # Where TensorFlow looks for the text of a function.
            lines = source.splitlines(keepends=True)
            linecache.cache[place] = (len(source), None, lines, place)
            exec(compile(source, place, "exec"), namespace)
    except BaseException as error:
        return in_words(error)
    return ""


def in_words(error):
    """Returns the type and the start of the message of an error."""
    try:
        return f"{type(error).__name__}: {error}"[:LONGEST_WORD]
    except BaseException:
        return type(error).__name__


def part_values(part, notebook, request, settings):
    """Yields the values of one part, by name: the numbers, or an error."""
    import numpy as np

    scope = dict(notebook)
    for source in (request["imports"], part["hidden"]):
        place = f"<hidden {part['name']}>"
        if error := run_cell(source, scope, place, settings):
            yield {"name": "", "error": error}
            return
    values = scope["hidden"](np.random.RandomState(request["seed"]))
    while True:
        name = ""
        try:
            with at_most(settings["cell_seconds"]):
                name, function = next(values)
                found = as_numbers(function())
        except StopIteration:
            return
        except OutOfTime as error:
            # The others of this part would most likely be as slow.
            yield {"name": "", "error": in_words(error)}
            return
        except BaseException as error:
            found = {"error": in_words(error)}
        yield {"name": name, **found}
        if not name:
            return


def as_numbers(value):
    """Returns shape and numbers of an array, as JSON holds them."""
    import numpy as np

    if value is None:
        return {"shape": None, "numbers": None}
    if np.iscomplexobj(value := np.asarray(value)):
        raise TypeError("it is complex, and should be real")
    if value.size > MOST_NUMBERS:
        raise ValueError(f"it holds {value.size} numbers, too many to compare")
    numbers = value.astype(np.float64)
    return {"shape": numbers.shape, "numbers": numbers.ravel().tolist()}


if __name__ == "__main__":
    main()
