"""A course directory of nbgrader's, and the grading of what lies in it."""

import hashlib
import json
import os
import secrets
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from dateutil.parser import parse as parse_time
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbgrader.api import MissingEntry
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder import assignment, sandbox
from autograder.marks import mark
from autograder.mending import mend

HERE = Path(__file__).resolve().parent


class Grading:
    """An assignment of a course, and all that was handed in for it.

    Args:
        course: the `Course`.
        name: the assignment's name.
    """

    def __init__(self, course, name):
        """Reads the assignment, which enters the gradebook if it is new."""
        self.course, self.name = course, name
        with course.api.gradebook as gradebook:
            try:
                gradebook.find_notebook(name, name)
            except MissingEntry:
                check(course.api.generate_assignment(name))
        self.assignment = assignment.read(course.folder, name)

    def submissions(self):
        """Returns the folders in which this assignment was handed in."""
        found = self.course.submitted.glob(f"*/{self.name}")
        return {path.parent.name: path for path in sorted(found)}

    def todo(self):
        """Returns the students who are not graded yet, or not so."""
        return [
            student
            for student, folder in self.submissions().items()
            if self.read_result(student).get("key") != self.key(folder)
            or not self.is_recorded(student)
        ]

    def results(self):
        """Returns what came of each submission, by student."""
        return {it: self.read_result(it) for it in self.submissions()}

    def result_path(self, student):
        """Returns the file with what came of a submission."""
        return self.course.folder / "results" / student / f"{self.name}.json"

    def read_result(self, student):
        """Returns what came of a submission, or an empty dict."""
        try:
            return json.loads(self.result_path(student).read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def key(self, folder):
        """Returns a digest of all that a result depends on."""
        digest = hashlib.sha256(self.course.settings().encode())
        step = f"{self.name}/{self.name}.ipynb"
        for path in [
            find_notebook(folder, self.name),
            folder / "timestamp.txt",
            self.course.folder / "source" / step,
            self.course.folder / "release" / step,
            *sorted(HERE.glob("*.py")),
        ]:
            content = path.read_bytes() if path.is_file() else b""
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def is_recorded(self, student):
        """Tells whether the gradebook holds a mark for each part."""
        names = {part.name for part in self.assignment.parts}
        folder = self.course.folder / "autograded" / student / self.name
        with self.course.api.gradebook as gradebook:
            try:
                notebook = gradebook.find_submission_notebook(
                    self.name, self.name, student
                )
            except MissingEntry:
                return False
            return folder.is_dir() and all(
                grade.auto_score is not None
                for grade in notebook.grades
                if grade.name in names
            )

    def request(self, cells):
        """Returns what a sandbox needs to run code as a submission."""
        parts = [
            {"name": part.name, "hidden": part.hidden}
            for part in self.assignment.parts
        ]
        return {
            "cells": cells,
            "imports": self.assignment.imports,
            "parts": parts,
            "seed": self.course.seed,
        }

    def expect(self, boxes):
        """Returns the values of the model solution."""
        outcome = boxes.mine().run(self.request(self.assignment.cells))
        wrong = [outcome.end, *(error for _, error in outcome.errors)]
        wrong += [it.get("error") for it in outcome.values.values()]
        if any(wrong):
            wrong = "; ".join(filter(None, wrong))
            raise ValueError(f"the solution of {self.name} fails: {wrong}")
        return outcome.values

    def mark(self, student, expected, box):
        """Runs and marks a submission; returns notebook and result."""
        folder = self.submissions()[student]
        release = self.assignment.release
        mended = mend(find_notebook(folder, self.name), release)
        outcome = box.run(self.request(mended.code))
        marks = {}
        for part in self.assignment.parts:
            words = assignment.forbidden_words(part, mended.code, release)
            marks[part.name] = mark(part, expected, outcome, words)
        errors = [f"cell {it} raised {error}" for it, error in outcome.errors]
        return mended.notebook, {
            "key": self.key(folder),
            "marks": marks,
            "remarks": [*mended.remarks, *filter(None, [outcome.end])],
            "errors": errors,
            "seconds": outcome.seconds,
            "mebibytes": outcome.mebibytes,
            "failure": "",
        }

    def try_to_mark(self, student, expected, boxes):
        """Marks a submission; if the grader fails, the others go on.

        Then there is no mark, and the next run tries again.
        """
        try:
            return self.mark(student, expected, boxes.mine())
        except Exception as error:
            failure = f"the grader failed: {type(error).__name__}: {error}"
            empty = {"marks": {}, "remarks": [], "errors": []}
            nothing = {"seconds": 0.0, "mebibytes": 0}
            return None, empty | nothing | {"failure": failure[:300]}

    def record(self, student, notebook, result):
        """Stores a result, and lets nbgrader take it into its gradebook."""
        path = self.result_path(student)
        if notebook is None:
            return write(path, result)
        folder = self.course.folder / "mended" / student / self.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if result["remarks"]:
            notebook.cells.insert(0, note(result["remarks"]))
        nbformat.write(notebook, folder / f"{self.name}.ipynb")
        copy_timestamp(self.submissions()[student], folder, result["remarks"])
        write(path, result)
        done = self.course.api.autograde(self.name, student)
        if not done["success"]:
            failure = (done.get("error") or done["log"]).strip()
            result |= {"failure": failure.splitlines()[-1], "key": ""}
            write(path, result)


class Course:
    """A course directory, and how students' code is run in it.

    Args:
        folder: the course directory.
        kernel: the name of the kernel whose Python runs students' code.
        limits: the `Limits` of a submission.
        submitted: the folder with what was handed in, if it is another than
            `submitted` of the course.
    """

    def __init__(self, folder, kernel, limits, submitted=None):
        """Opens the gradebook; reads the seed."""
        self.folder = Path(folder).resolve()
        self.submitted = Path(submitted or self.folder / "submitted").resolve()
        if not self.submitted.is_dir():
            raise FileNotFoundError(f"no folder {self.submitted}")
        self.python, self.limits = python_of(kernel), limits
        self.api = open_nbgrader(self.folder)
        self.seed = read_seed(self.folder / "seed.txt")

    def settings(self):
        """Returns in words what every result depends on."""
        return f"{self.seed} {self.python} {self.limits}"

    def grade(self, todo, workers):
        """Grades submissions side by side; yields each when it is done.

        Args:
            todo: pairs of a `Grading` and a student.
            workers: how many submissions run at a time.
        """
        if not todo:
            return
        gradings = {grading.name: grading for grading, _ in todo}.values()
        boxes = Boxes(self, [it.assignment.imports for it in gradings])
        pool = ThreadPoolExecutor(max(1, min(workers, len(todo))))
        try:
            expected = {
                it.name: pool.submit(it.expect, boxes).result()
                for it in gradings
            }
            runs = {
                pool.submit(
                    grading.try_to_mark, student, expected[grading.name], boxes
                ): (grading, student)
                for grading, student in todo
            }
            for run in as_completed(runs):
                grading, student = runs[run]
                # nbgrader's database takes one writer at a time: this one.
                grading.record(student, *run.result())
                yield grading, student
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            boxes.stop()


class Boxes:
    """A sandbox for each thread."""

    def __init__(self, course, imports):
        """Makes none yet."""
        self.course, self.imports = course, "\n".join(imports)
        self.all, self.local = [], threading.local()

    def mine(self):
        """Returns the sandbox of this thread."""
        if not hasattr(self.local, "box"):
            course = self.course
            self.local.box = sandbox.Sandbox(
                course.python, self.imports, course.limits
            )
            self.all.append(self.local.box)
        return self.local.box

    def stop(self):
        """Ends them all."""
        for box in self.all:
            box.stop()


def python_of(kernel):
    """Returns the Python that a registered kernel runs."""
    specs = KernelSpecManager()
    try:
        return specs.get_kernel_spec(kernel).argv[0]
    except NoSuchKernel:
        known = ", ".join(sorted(specs.find_kernel_specs()))
        raise ValueError(
            f"no kernel {kernel!r} is registered here, only {known}"
        ) from None


def open_nbgrader(folder):
    """Returns nbgrader's API of a course, that takes mended submissions."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(folder))
    config = loader.load_config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.submitted_directory = "mended"
    # nbgrader calls a program of its environment to make a new gradebook.
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    return NbGraderAPI(config=config)


def check(done):
    """Raises what nbgrader's API only reports."""
    if not done["success"]:
        raise ValueError(done["log"] + done.get("error", ""))


def read_seed(path):
    """Returns the seed of the course's hidden inputs, made once."""
    if not path.exists():
        path.write_text(f"{secrets.randbelow(2**32)}\n")
    return int(path.read_text())


def find_notebook(folder, name):
    """Returns a submission's notebook, also under another name if alone."""
    notebooks = sorted(folder.glob("*.ipynb"))
    right = folder / f"{name}.ipynb"
    return notebooks[0] if len(notebooks) == 1 else right


def copy_timestamp(source, target, remarks):
    """Copies when a submission was handed in, if it says so."""
    path = source / "timestamp.txt"
    if not path.is_file():
        return
    try:
        parse_time(text := path.read_text().strip())
    except (OSError, OverflowError, ValueError):
        remarks.append("its timestamp cannot be read")
    else:
        (target / path.name).write_text(text)


def note(remarks):
    """Returns a cell that tells what the grader found."""
    lines = "".join(f"- {remark}\n" for remark in remarks)
    return nbformat.v4.new_markdown_cell(f"**The grader found:**\n\n{lines}")


def write(path, result):
    """Writes a file at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1))
    os.replace(part, path)
