"""The workflows are of GitHub's form and name what there is to run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
CHECK = Path(sys.executable).with_name("check-jsonschema")
# Says which issue is open, and keeps what it is asked.
GH = """#!/bin/sh
echo "$@" >>"$LOG"
if [ "$2" = list ]; then echo "$OPEN"; fi
"""


def read(name):
    path = ROOT / ".github" / "workflows" / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def form_faults(schema, *paths):
    """Returns what is not of a form that GitHub reads."""
    command = [CHECK, "--builtin-schema", schema, *paths]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stdout * (result.returncode != 0)


def make_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def command_faults(workflow, targets):
    """Returns what the steps would run and there is not."""
    steps = [
        step
        for job in workflow["jobs"].values()
        for step in job.get("steps", [])
    ]
    lines = "\n".join(step.get("run", "") for step in steps).splitlines()
    faults = []
    for first, *rest in filter(None, map(str.split, lines)):
        if first == "make":
            faults += [f"make {name}" for name in rest if name not in targets]
        elif "/" in first and not os.access(ROOT / first, os.X_OK):
            faults.append(first)
    return faults


FORMS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.dependabot": [ROOT / ".github" / "dependabot.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}


@pytest.mark.parametrize("schema", FORMS)
def test_files_are_of_the_form_that_github_reads(schema):
    assert not form_faults(schema, *FORMS[schema])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_steps_run_what_there_is(path):
    assert not command_faults(read(path.name), make_targets())


def test_python_of_each_lane_is_set_up():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lanes = re.search("^LANES := (.*)", makefile, re.MULTILINE)[1]
    (versions,) = (
        step["with"]["python-version"].split()
        for step in read("lanes.yml")["jobs"]["test"]["steps"]
        if "setup-python" in step.get("uses", "")
    )
    assert set(versions) == set(re.findall(r"=python([\d.]+)", lanes))
    # python3, in which the site is built, is the current lane's.
    assert f"current=python{versions[-1]}" in lanes.split()


def test_the_branch_that_is_published_is_the_one_that_links_show():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    branch = config["repository"]["branch"]
    main = read("main.yml")
    # YAML 1.1 takes `on` for true.
    assert main[True]["push"]["branches"] == [branch]
    assert main["jobs"]["site"]["if"] == f"github.ref == 'refs/heads/{branch}'"


@pytest.mark.parametrize(
    "name, last", [("main.yml", "publish"), ("weekly.yml", "report")]
)
def test_the_last_job_waits_for_all_others(name, last):
    jobs = read(name)["jobs"]
    assert {*jobs.pop(last)["needs"]} == set(jobs)


def test_the_report_tells_of_every_job():
    report = read("weekly.yml")["jobs"]["report"]
    told = re.findall(r"needs\.(\w+)\.result", report["env"]["BODY"])
    assert told == report["needs"]


def test_the_badge_is_that_of_a_workflow():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"/actions/workflows/([\w.-]+)", readme))
    assert shown and shown <= {path.name for path in WORKFLOWS}


@pytest.mark.parametrize(
    "issue, asked",
    [
        ("", "issue create --title The weekly run failed --body text"),
        ("7", "issue comment 7 --body text"),
    ],
)
def test_a_failed_weekly_run_is_told_in_one_issue(tmp_path, issue, asked):
    (step,) = read("weekly.yml")["jobs"]["report"]["steps"]
    gh, log = tmp_path / "gh", tmp_path / "log"
    gh.write_text(GH)
    gh.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={"PATH": path, "OPEN": issue, "LOG": str(log), "BODY": "text"},
        check=True,
    )
    listed, told = log.read_text().splitlines()
    assert listed.startswith("issue list") and told == asked


# Faults planted, which the checks must find.


@pytest.mark.parametrize(
    "schema, good, bad",
    [
        ("vendor.github-workflows", "runs-on:", "run-on:"),
        ("vendor.github-workflows", "contents: read", "contents: reed"),
        (
            "custom.github-workflows-require-timeout",
            "timeout-minutes: 5\n",
            "\n",
        ),
    ],
)
def test_planted_fault_of_form_is_found(tmp_path, schema, good, bad):
    source = ROOT / ".github" / "workflows" / "weekly.yml"
    text = source.read_text(encoding="utf-8")
    assert good in text
    (tmp_path / "weekly.yml").write_text(text.replace(good, bad))
    assert form_faults(schema, tmp_path / "weekly.yml")


@pytest.mark.parametrize(
    "line, fault",
    [("make book gone", "make gone"), (".ci/gone", ".ci/gone")],
)
def test_planted_fault_of_a_step_is_found(line, fault):
    jobs = {"a": {"steps": [{"run": f"make book\n{line}"}]}}
    assert command_faults({"jobs": jobs}, {"book"}) == [fault]
