"""What we take for Colab's packages is young enough, and one with the lane."""

import datetime
import re
import warnings
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "requirements"
OLDEST = datetime.timedelta(days=120)


def warn_if_old(text, today):
    """Warns if the list of Colab's packages was read off long ago."""
    [date] = re.findall(r"^# Date: (.+)$", text, re.MULTILINE)
    age = today - datetime.date.fromisoformat(date)
    if age > OLDEST:
        warnings.warn(
            f"colab-runtime.in is {age.days} days old, more than {OLDEST.days}:"
            " bring in what its source says now, its new date, and `make lock`",
            stacklevel=2,
        )


def test_the_list_is_young():
    text = (FOLDER / "colab-runtime.in").read_text()
    assert re.search(r"^# Source: https://\S+", text, re.MULTILINE)
    warn_if_old(text, datetime.date.today())


def test_an_old_list_is_told():
    text = "# Date: 2026-01-01\n"
    with warnings.catch_warnings(action="error"):
        warn_if_old(text, datetime.date(2026, 5, 1))
        with pytest.raises(UserWarning, match="121 days old"):
            warn_if_old(text, datetime.date(2026, 5, 2))


@pytest.mark.parametrize("lock", ["colab.txt", "colab-runtime.txt"])
def test_locks_hold_to_the_list(lock):
    lines = (FOLDER / "colab-runtime.in").read_text().splitlines()
    listed = {line for line in lines if line[:1] not in ("", "#")}
    assert len(listed) > 9
    if lock == "colab.txt":  # a lane has its own pip
        listed = {line for line in listed if not line.startswith("pip==")}
    found = re.findall(r"^[\w-]+==[\d.]+", (FOLDER / lock).read_text(), re.M)
    assert listed <= {*found}
