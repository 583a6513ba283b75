"""The clock, the memory gauge and the process: alike for both workers."""

import ctypes
import dataclasses
import importlib.metadata
import json
import multiprocessing
import os
import platform
import resource
import signal
import sys
import time

import numpy as np
from arrays import make
from cells import LOSSES, Cell

WARM_UP = 32
FEWEST_REPETITIONS = 3


def status(field):
    """Returns a field of /proc/self/status in bytes."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return 1024 * int(line.split()[1])
    raise KeyError(field)


def forget_peak():
    """Sets the high-water mark of resident memory to what is in use now."""
    ctypes.CDLL(None).malloc_trim(0)  # gives back what was freed
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def repeat(step, seconds):
    """Calls `step` for some seconds and returns what it took.

    The time is the least CPU time of this process over the repetitions, since
    other processes can only lengthen one; but of 21 or more, the lowest
    twentieth is left out, as the system's clock may slip. The memory is the
    highest that was resident, above what was resident before the first one.

    Args:
        step: computes the loss and its gradient.
        seconds: how long to go on; after this, up to FEWEST_REPETITIONS, but
            none is begun after four times as long.

    Returns:
        Milliseconds, mebibytes and repetitions, and what `step` returned last.
    """
    forget_peak()
    before = status("VmHWM") - status("RssFile")
    times, begin = [], time.monotonic()
    while True:
        start = time.process_time()
        answer = step()
        times.append(time.process_time() - start)
        gone = time.monotonic() - begin
        enough = len(times) >= FEWEST_REPETITIONS
        if gone > 4 * seconds or (gone > seconds and enough):
            break
    # Without the pages of the libraries' own code, which load when needed.
    peak = status("VmHWM") - status("RssFile")
    result = {
        "milliseconds": round(1e3 * sorted(times)[(len(times) - 1) // 20], 4),
        "mebibytes": round((peak - before) / 2**20, 2),
        "repetitions": len(times),
    }
    return result, answer


def measure(build, task):
    """Measures one cell in this process.

    Args:
        build: `build(cell, small, large)`, of two samples as `arrays.make`
            makes them, returns two functions without arguments. Each computes
            the loss and its gradient for its sample, and returns the loss and
            the gradient by the first array.
        task: the cell, the seconds and the gibibytes that it may take.
    """
    cell = Cell(**task["cell"])
    inputs = LOSSES[cell.loss].inputs
    small = dataclasses.replace(cell, n=WARM_UP)
    warm_up, step = build(
        cell, *(make(inputs, each.n, each.classes) for each in (small, cell))
    )
    warm_up()
    allowed = status("VmSize") + int(task["gibibytes"] * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    compiled = cell.implementation.endswith("XLA")
    if compiled:
        step()  # compiles for this size
    result, (value, slope) = repeat(step, task["seconds"])
    if compiled:  # whose first call took memory that it keeps
        del result["mebibytes"]
    result["value"] = float(value)
    result["slope"] = float(np.linalg.norm(np.asarray(slope)))
    return {"status": "measured", **result}


def answer(pipe, build, task):
    """Sends down the pipe what measuring gave, or why it failed."""
    try:
        result = measure(build, task)
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        words = ("MemoryError", "ResourceExhausted", "alloc", "OOM")
        full = any(word in text for word in words)
        result = {"status": "out of memory" if full else text[:300]}
    pipe.send(result)


def in_own_process(build, task):
    """Measures one cell in a process forked for it, within the time limit.

    The parent has imported the libraries but computed nothing, so the child
    is as fresh as a new process, and ready seconds earlier.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=answer, args=(there, build, task))
    process.start()
    there.close()
    try:
        if here.poll(task["limit"]):
            return here.recv()
        process.kill()
        return {"status": f"over {task['limit']:g} s"}
    except EOFError:
        process.join()
        name = signal.Signals(abs(process.exitcode)).name
        return {"status": f"ended by {name}"}
    finally:
        process.join()


def serve(build, packages):
    """Answers the tasks on standard input, one line of JSON each."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    about = {"cpus": os.cpu_count(), "python": platform.python_version()}
    about |= {name: importlib.metadata.version(name) for name in packages}
    for line in sys.stdin:
        task = json.loads(line)
        result = {**task["cell"], **in_own_process(build, task)}
        print(json.dumps({**result, "about": about}), file=answers, flush=True)
