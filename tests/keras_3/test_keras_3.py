"""Every snippet of the page "What changed in Keras 3" prints what it says."""

import importlib.metadata
import json
from pathlib import Path

import pytest
import tensorflow as tf
from keras_3.page import (
    PAGE,
    agree,
    overview_faults,
    parse,
    run,
    section_faults,
    slug,
)

KERAS = importlib.metadata.version("keras")
VERSION = ".".join(KERAS.split(".")[:2])
ROOT = Path(__file__).parents[2]

# What a page about losses has to speak of: words of one snippet.
TOPICS = [
    "import tensorflow_addons",
    "import keras.src.engine",
    "InputLayer(10,)",
    "loss([0], [[0.2, 0.8]])",
    "loss_weights=weights",
    'metrics="acc"',
    '"logcosh"',
    '"kullback_leibler_divergence"',
    "MSE mse MAE mae MAPE mape MSLE msle KLD kld",
    "tf.keras.losses.mean_squared_error",
    "constants.AUTO, constants.SUM, constants.NONE",
    '"fn": "huber"',
    'np.array(["cat", "dog"])',
    "keras.losses.binary_crossentropy(y, p)",
    "[(1, 0.0), (0, 1.0), (1, 1e-6), (1, 1.0)]",
    "[[1e-7, 1e-7]]",
    "p = tf.Variable([[0.0, 0.0]])",
    'np.array([[300.0]], "float16")',
    "np.array([[1 + 1e-10]])",
    "2**24 + 1",
    "np.array([[0, 1]]), np.array([[2, 4]])",
    "keras.losses.mean_squared_error(y, y[:, None] + 0.5)",
    "loss(y, y[:, None] + 0.5)",
    "model.fit(x, x[:, 0], verbose=0)",
    "ignore_class=-1",
    "np.zeros((0, 1)",
    "Scalar()(y, p, sample_weight=",
    "keras.optimizers.SGD(0.1), Scalar())",
    'Scalar(reduction="none")',
    'MeanSquaredError(reduction="none")',
    "keras.losses.Huber.from_config(loss.get_config())",
    "keras.losses.CosineSimilarity.from_config(loss.get_config())",
    '"CTC", "Circle", "Dice", "Tversky"',
    'dtype="float64"',
    "axis=1",
    '["mean_with_sample_weight", None, "mean"]',
    "keras.losses.Tversky(alpha=1.0, beta=0.0)",
    "keras.losses.Dice()(y, p)",
    "keras.losses.Dice(axis=1)(empty, empty)",
    "keras.losses.Circle(gamma=gamma)",
    "np.array([0, 0, 1, 1]) + 2**24",
    "keras.losses.Circle()(classes, length * vectors)",
    "tf.norm(tape.gradient(loss, vectors))",
    "np.array([[0], [1], [0]])",
    "loss(np.array([0]), tf.nn.softmax(z))",
    "keras.losses.CTC",
    "keras.ops.sparsemax",
    "getattr(keras.losses, name)()(y, p)",
    "[[0.2, 0.2, 0.2]]",
    "np.array([-1, 1])",
    '["sum_over_batch_size", "none"]',
    "keras.losses.hinge(y, p)",
    "keras.losses.CategoricalHinge()",
    "[[1e-4]]",
    "keras.losses.MeanAbsolutePercentageError()",
    "1 / (1 + tf.exp(-z))",
    "BinaryFocalCrossentropy(gamma=gamma, from_logits=True)",
    "CategoricalFocalCrossentropy(from_logits=True)",
]

# Each of the breaks that were published, by its first words, and where the
# page tells of it: words of the snippet, and what Keras 3 answers.
BREAKS = {
    "import tensorflow_addons:": (
        "import tensorflow_addons",
        "ModuleNotFoundError",
    ),
    "SparseCategoricalCrossentropy on plain Python lists:": (
        "loss([0], [[0.2, 0.8]])",
        "ValueError",
    ),
    "InputLayer(10,):": ("InputLayer(10,)", "ValueError"),
    "compile(loss_weights=": ("loss_weights=weights", "ValueError"),
    "compile(metrics='acc'):": ('metrics="acc"', "ValueError"),
    "last float32 digits of BinaryCrossentropy": (
        "[0.2, 0.8], [0.3, 0.7]",
        "0.8394452",
    ),
}


def state():
    """Returns what a snippet must leave as it is, for the next one."""
    registered = tf.keras.utils.get_custom_objects().values()
    return (
        tf.keras.mixed_precision.global_policy().name,
        tf.keras.backend.floatx(),
        [it for it in registered if it.__module__ == "snippet"],
    )


@pytest.mark.parametrize(
    "section", PAGE.sections, ids=[slug(it.title) for it in PAGE.sections]
)
def test_section_is_true(section):
    before = state()
    assert section_faults(PAGE, section, VERSION) == []
    assert state() == before


def test_table_at_the_top_agrees_with_the_sections():
    assert overview_faults(PAGE) == []


@pytest.mark.parametrize("topic", TOPICS)
def test_page_speaks_of(topic):
    assert any(topic in section.snippet for section in PAGE.sections)


def published_breaks():
    path = ROOT / "tests/notebooks/published_values.json"
    return json.loads(path.read_text())["breaks_on_keras_3"]


@pytest.mark.parametrize("told", published_breaks())
def test_published_break_is_on_the_page(told):
    ((words, answer),) = [
        BREAKS[start] for start in BREAKS if told.startswith(start)
    ]
    (section,) = [it for it in PAGE.sections if words in it.snippet]
    assert section.printed["3.15"][-1].startswith(answer)
    assert section.mended


# The checks themselves: a page with a fault planted, which they must find.

SMALL = """# A page

```python
import math
```

```python
devices = 2
```

## At a glance

| What | Keras 2.15 | Keras 3.15 | Do this |
| --- | --- | --- | --- |
| [root](#a-root) | `root 1.4142` | `root 1.4142` | nothing |
| [`int`](#an-int-of-words) | error | error | mend it |

## Changes

### A root

Words.

```python
print(f"root {math.sqrt(2):.4f}")
print("two lines")
```

| Every version |
| --- |
| `root 1.4142` |
| `two lines` |

**Nothing to mend.**

### An `int` of words

Words.

```python
print("before")
print(int("words"))
```

| Keras 2.15 | Keras 3.13 and 3.15 |
| --- | --- |
| `before` | `before` |
| `ValueError: invalid literal` | `ValueError: invalid literal for int()` |

**Mended** More words.

```python
print(int("12"), 0.5)
```

```text
12 0.5
```
"""


def small_faults(text, versions=("2.15", "3.13", "3.15")):
    """Returns the faults of a page whose snippets need no Keras."""
    page = parse(text)
    return overview_faults(page) + [
        fault
        for version in versions
        for section in page.sections
        for fault in section_faults(page, section, version)
    ]


def test_sound_page_has_no_fault():
    assert small_faults(SMALL) == []


@pytest.mark.parametrize(
    "sound, planted",
    [
        ("| `root 1.4142` |\n| `two", "| `root 1.4144` |\n| `two"),
        ("| `root 1.4142` |\n| `two", "| `root -1.4142` |\n| `two"),
        ("| `root 1.4142` |\n| `two", "| `root nan` |\n| `two"),
        ("| `root 1.4142` |\n| `two", "| `boot 1.4142` |\n| `two"),
        ("`two lines`", "`2 lines`"),
        ("| `two lines` |\n", ""),
        ("| `two lines` |\n", "| `two lines` |\n| `three` |\n"),
        ("`before` | `before`", "`after` | `after`"),
        ("| `ValueError: inv", "| `TypeError: inv"),
        ("literal` |", "letter` |"),
        ("literal` | `ValueError: invalid literal", "liter` | `ValueError: in"),
        ("12 0.5\n", "13 0.5\n"),
        ("12 0.5\n", "12 0.7\n"),
        ("12 0.5\n", "12 0.5\nmore\n"),
        ('"12"', '"twelve"'),
        ("import math", "import cmath"),
        ("`root 1.4142` | `root 1.4142`", "`root 1.4142` | `root 1.4143`"),
        ("| error | error |", "| error | `before` |"),
        ("(#a-root)", "(#another)"),
        ("| [root](#a-root) | `root 1.4142` | `root 1.4142` | nothing |\n", ""),
    ],
)
def test_planted_fault_is_found(sound, planted):
    assert sound in SMALL
    assert small_faults(SMALL.replace(sound, planted)) != []


def test_each_version_has_its_own_column():
    text = SMALL.replace("literal` | `", "letter` | `")
    assert small_faults(text, ["2.15"]) != []
    assert small_faults(text, ["3.13", "3.15"]) == []


@pytest.mark.parametrize(
    "sound, planted",
    [
        ("```python\nprint(f", "```\nprint(f"),
        ("Words.\n\n```python\nprint(f", "```python\nprint(f"),
        ("| Every version |", "| Keras 2.15 |"),
        ("| Keras 3.13 and 3.15 |\n", "|\n"),
        ("**Nothing to mend.**", ""),
        ("**Mended** More words.", ""),
        ("```text\n12 0.5\n```\n", ""),
        ("| `two lines` |", "| two lines |"),
        ("## Changes", "## Changes\n\n```python\nprint()\n```"),
        ("## At a glance", "## In short"),
        ("| nothing |", "| |"),
        ("```python\ndevices = 2\n```\n", ""),
        ("```text\n12", "```python\nprint()\n```\n\n```text\n12"),
        ("**Nothing to mend.**", "**Nothing to mend.**\n\n| more |"),
    ],
)
def test_page_that_lacks_a_part_is_refused(sound, planted):
    assert sound in SMALL
    with pytest.raises((ValueError, KeyError)):
        parse(SMALL.replace(sound, planted, 1))


@pytest.mark.parametrize(
    "stated, printed, same",
    [
        ("1.50", "1.51", True),
        ("1.50", "1.52", False),
        ("0.5", "0.6", False),
        ("0.0000", "0.0001", False),
        ("-0.0", "0.0", False),
        ("1.500e-03", "1.501e-03", True),
        ("1e-06", "1e-01", False),
        ("[1 2]", "[1 3]", False),
        ("nan", "nan", True),
        ("nan", "0.5", False),
        ("inf", "-inf", False),
        ("y=1 0.5", "y=0 0.5", False),
        ("ValueError", "ValueError: some words", True),
        ("ValueError: some", "ValueError: some words", True),
        ("ValueError: so", "ValueError: some words", False),
        ("ValueError: some words", "ValueError: some", False),
        ("ValueError", "ValueErrors", False),
        ("ValueError", "1.0", False),
        ("1.0", "ValueError: 1.0", False),
    ],
)
def test_lines_agree(stated, printed, same):
    assert agree(stated, printed) is same


def test_snippets_share_no_names():
    assert run("name = 1\nprint(name)") == ["1"]
    assert run("print(name)")[0].startswith("NameError: name 'name' is not")
