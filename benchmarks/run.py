"""Measures the losses beside those of other libraries: make bench.

Each result is appended to a file as it comes, and what is there is not
measured again, so a run that was stopped goes on where it was.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from cells import CUBIC_SIZE, IN_TORCH, all_cells, read

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
PEERS = HERE.parent / ".venv" / "peers"
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
}


def options():
    """Returns the options on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    add = parser.add_argument
    add("--only", default="", help="a regular expression on the cell's name")
    add("--again", action="store_true", help="measure also what is there")
    add("--list", action="store_true", help="name the cells, measure none")
    add("--seconds", type=float, default=1.0, help="to repeat a cell for")
    add("--limit", type=float, default=150.0, help="seconds a cell may take")
    add(
        "--gibibytes",
        type=float,
        default=round(0.85 * memory, 1),
        help="address space a cell may ask for",
    )
    add(
        "--cubic",
        type=int,
        default=2 * CUBIC_SIZE,
        help="largest batch for losses of TensorFlow Addons that hold n^3",
    )
    add("--results", type=pathlib.Path, default=RESULTS, help="folder")
    return parser.parse_args()


def make_peers():
    """Makes the environment of the peers, if need be, and returns it."""
    wanted, ready = HERE / "requirements.txt", PEERS / "ready"
    if not ready.exists() or ready.stat().st_mtime < wanted.stat().st_mtime:
        print("making .venv/peers with PyTorch, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        install = [PEERS / "bin" / "pip", "install", "--quiet", "-r", wanted]
        subprocess.run(install, check=True)
        ready.touch()
    return PEERS / "bin" / "python"


class Worker:
    """A process that has a library imported and answers tasks."""

    def __init__(self, python, script, errors):
        """Starts the process.

        Args:
            python: the interpreter of the environment.
            script: file in this folder.
            errors: open file for what the library says.
        """
        self.process = subprocess.Popen(
            [python, HERE / script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=ENVIRONMENT,
        )

    def ask(self, task):
        """Returns the answer to a task, as a line of JSON."""
        print(json.dumps(task), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("a worker ended: its words are in the results' folder")
        return line


def start_worker(cell, errors):
    """Starts the worker that can measure a cell."""
    if cell.implementation in IN_TORCH:
        return Worker(make_peers(), "worker_torch.py", errors)
    return Worker(sys.executable, "worker_tensorflow.py", errors)


def is_hopeless(cell, results):
    """Tells whether a smaller batch of the same failed already."""
    return any(
        found["status"] != "measured" and other.n < cell.n
        for other, found in results.items()
        if dataclasses.replace(other, n=cell.n) == cell
    )


def main():
    """Measures what is not measured yet, then writes the report."""
    given = options()
    cells = [c for c in all_cells(given.cubic) if re.search(given.only, str(c))]
    if given.list:
        print(*cells, sep="\n")
        return
    given.results.mkdir(parents=True, exist_ok=True)
    file = given.results / "cells.jsonl"
    results = read(file)
    if not given.again:
        cells = [cell for cell in cells if cell not in results]
    workers, begin = {}, time.monotonic()
    with open(file, "a") as lines, open(given.results / "log", "w") as errors:
        for done, cell in enumerate(cells, 1):
            if is_hopeless(cell, results):
                continue
            kind = cell.implementation in IN_TORCH
            if kind not in workers:
                workers[kind] = start_worker(cell, errors)
            task = {"cell": dataclasses.asdict(cell), "limit": given.limit}
            task |= {"seconds": given.seconds, "gibibytes": given.gibibytes}
            line = workers[kind].ask(task)
            lines.write(line)
            lines.flush()
            found = results[cell] = json.loads(line)
            says = found["status"]
            if says == "measured":
                says = f"{found['milliseconds']} ms"
                if "mebibytes" in found:
                    says += f", {found['mebibytes']} MiB"
            minutes = (time.monotonic() - begin) / 60
            print(f"{minutes:5.1f} min {done}/{len(cells)} {cell}: {says}")
    subprocess.run(
        [sys.executable, HERE / "report.py", given.results],
        check=True,
        env=ENVIRONMENT,
    )


if __name__ == "__main__":
    main()
