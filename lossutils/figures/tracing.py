"""From the graph that TensorFlow traces to steps of plain arithmetic.

`python -m lossutils.figures.tracing` traces each loss of `cores`, together
with what `GradientTape` adds to the graph, and stores the formulas. A tensor
of known shape is taken apart into its numbers, so that shapes, axes and
constants are gone; what remains are the few operations of `formulas`.
"""

import inspect
import json

import numpy as np
import tensorflow as tf

from lossutils.figures import cores, formulas

# What becomes of each operation that works number by number: the terms of
# one, from the builder and the terms of its inputs.
ELEMENTWISE = {
    "Abs": lambda b, x: b.add("Abs", x),
    "AddV2": lambda b, x, y: b.add("Add", x, y),
    "Atan": lambda b, x: b.add("Atan", x),
    "DivNoNan": lambda b, x, y: b.add(
        "Select", b.add("Equal", y, 0.0), 0.0, b.add("Div", x, y)
    ),
    "Equal": lambda b, x, y: b.add("Equal", x, y),
    "Exp": lambda b, x: b.add("Exp", x),
    "Expm1": lambda b, x: b.add("Expm1", x),
    "Greater": lambda b, x, y: b.add("Less", y, x),
    "GreaterEqual": lambda b, x, y: b.add("LessEqual", y, x),
    "IsFinite": lambda b, x: b.add("IsFinite", x),
    "LessEqual": lambda b, x, y: b.add("LessEqual", x, y),
    "Log": lambda b, x: b.add("Log", x),
    "Log1p": lambda b, x: b.add("Log1p", x),
    "LogicalAnd": lambda b, x, y: b.add("And", x, y),
    "Maximum": lambda b, x, y: b.add("Maximum", x, y),
    "Minimum": lambda b, x, y: b.add("Minimum", x, y),
    "Mul": lambda b, x, y: b.add("Mul", x, y),
    "Neg": lambda b, x: b.add("Neg", x),
    "Pow": lambda b, x, y: b.add("Pow", x, y),
    "RealDiv": lambda b, x, y: b.add("Div", x, y),
    "Reciprocal": lambda b, x: b.add("Div", 1.0, x),
    "Relu": lambda b, x: b.add("Maximum", x, 0.0),
    "ReluGrad": lambda b, g, x: b.add("Select", b.add("Less", 0.0, x), g, 0.0),
    "Rsqrt": lambda b, x: b.add("Div", 1.0, b.add("Sqrt", x)),
    # y = 1 / sqrt(x): -g y^3 / 2
    "RsqrtGrad": lambda b, y, g: b.product(-0.5, g, y, y, y),
    "Select": lambda b, c, x, y: b.add("Select", c, x, y),
    "SelectV2": lambda b, c, x, y: b.add("Select", c, x, y),
    "Sigmoid": lambda b, x: b.sigmoid(x),
    # y = sigmoid(x): g y (1 - y)
    "SigmoidGrad": lambda b, y, g: b.product(g, y, b.add("Sub", 1.0, y)),
    "Sign": lambda b, x: b.add("Sign", x),
    # log(1 + e^x), where e^x does not overflow
    "Softplus": lambda b, x: b.add(
        "Add",
        b.add("Maximum", x, 0.0),
        b.add("Log1p", b.add("Exp", b.add("Neg", b.add("Abs", x)))),
    ),
    "Sqrt": lambda b, x: b.add("Sqrt", x),
    # y = sqrt(x): g / (2 y)
    "SqrtGrad": lambda b, y, g: b.add("Div", b.add("Mul", g, 0.5), y),
    "Square": lambda b, x: b.add("Mul", x, x),
    "SquaredDifference": lambda b, x, y: b.product(
        b.add("Sub", x, y), b.add("Sub", x, y)
    ),
    "Sub": lambda b, x, y: b.add("Sub", x, y),
}

# Operations that fold numbers along axes, by what folds two of them.
REDUCTIONS = {"Max": "Maximum", "Sum": "Add"}

# Operations that only pass on.
IDENTITIES = {"Identity", "IdentityN", "StopGradient"}


class Builder:
    """Collects steps, each of them once, and leaves out what changes nothing.

    A term is a number, or the name of an argument or of a step.
    """

    def __init__(self):
        """Starts without a step."""
        self.names = {}

    def add(self, operation, *terms):
        """Returns the term of an operation on terms."""
        if not any(isinstance(term, str) for term in terms):
            with np.errstate(all="ignore"):
                return formulas.OPERATIONS[operation][1](*terms).item()
        kept = self._unchanged(operation, terms)
        if kept is not None:
            return kept
        step = (operation, *terms)
        # The operations that are named so here do not mind the order.
        if operation in ("Add", "Mul"):
            step = (operation, *sorted(terms, key=str))
        return self.names.setdefault(step, f"t{len(self.names)}")

    @staticmethod
    def _unchanged(operation, terms):
        """Returns the one term that an operation leaves as it is, or None."""
        neutral = {"Add": 0.0, "Mul": 1.0}.get(operation)
        first, *rest = terms
        if neutral is not None and neutral in terms:
            # numbers and names never equal each other
            return first if rest[0] == neutral else rest[0]
        if (operation, *rest) in (("Sub", 0.0), ("Div", 1.0)):
            return first
        if operation == "Select":
            if isinstance(first, bool):
                return rest[0] if first else rest[1]
            if rest[0] == rest[1]:
                return rest[0]
        return None

    def product(self, *terms):
        """Returns the term of a product."""
        return self.fold("Mul", terms)

    def fold(self, operation, terms):
        """Returns the term of an operation between all terms."""
        first, *rest = terms
        for term in rest:
            first = self.add(operation, first, term)
        return first

    def sigmoid(self, x):
        """Returns the term of 1 / (1 + e^-x)."""
        power = self.add("Exp", self.add("Neg", x))
        return self.add("Div", 1.0, self.add("Add", 1.0, power))

    def steps(self, results):
        """Returns the steps that the results need, in order."""
        needed, steps = set(results), []
        for (operation, *terms), name in reversed(self.names.items()):
            if name in needed:
                needed.update(term for term in terms if isinstance(term, str))
                steps.append([name, operation, *terms])
        return steps[::-1]


def _constant(array):
    """Returns an array of terms from numbers."""
    array = np.asarray(array)
    terms = np.empty(array.shape, object)
    for place, value in np.ndenumerate(array):
        terms[place] = value.item()
    return terms


def _fold_axes(builder, operation, terms, axes, keep):
    """Folds an array of terms along some of its axes."""
    axes = tuple(axis % terms.ndim for axis in np.ravel(axes))
    rest = [axis for axis in range(terms.ndim) if axis not in axes]
    rows = terms.transpose(*rest, *axes).reshape(
        *(terms.shape[axis] for axis in rest), -1
    )
    folded = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(folded.shape):
        folded[place] = builder.fold(operation, rows[place])
    return np.expand_dims(folded, axes) if keep else folded


class Translator:
    """Takes the tensors of a graph apart into terms."""

    def __init__(self, graph, arguments):
        """Starts from the arrays of terms of the graph's inputs."""
        self.builder = Builder()
        inputs = zip(graph.inputs, arguments, strict=True)
        self.known = {tensor.ref(): terms for tensor, terms in inputs}
        # It computes what hangs on no input, such as shapes.
        self.session = tf.compat.v1.Session(graph=graph.graph)
        self.graph = graph

    def terms(self, tensor):
        """Returns the array of terms of a tensor."""
        if tensor.ref() not in self.known:
            op = tensor.op
            for output, terms in zip(
                op.outputs, self._outputs(op), strict=True
            ):
                self.known[output.ref()] = terms
        return self.known[tensor.ref()]

    def _outputs(self, op):
        """Returns the terms of what an operation puts out."""
        if op.type == "Const":
            return [_constant(tf.make_ndarray(op.get_attr("value")))]
        inputs = [self.terms(tensor) for tensor in op.inputs]
        if all(_is_constant(terms) for terms in inputs):
            return self._computed(op, inputs)
        if op.type in IDENTITIES:
            return inputs
        if op.type in ELEMENTWISE:
            return [self._each(ELEMENTWISE[op.type], inputs)]
        if op.type in REDUCTIONS:
            terms, axes = inputs
            keep = op.get_attr("keep_dims")
            fold = REDUCTIONS[op.type]
            return [_fold_axes(self.builder, fold, terms, axes, keep)]
        method = getattr(self, f"_{op.type.lower()}", None)
        if method is None:
            raise NotImplementedError(
                f"the graph of the loss holds the operation {op.type!r} "
                f"({op.name}), which has no translation"
            )
        return [np.asarray(terms, object) for terms in method(op, *inputs)]

    def _computed(self, op, inputs):
        """Returns the terms of an operation on nothing but numbers."""
        # The arguments, too: an operation may wait for one that it ignores.
        given = {t.name: np.zeros(t.shape) for t in self.graph.inputs}
        for tensor, terms in zip(op.inputs, inputs, strict=True):
            given[tensor.name] = terms.astype(tensor.dtype.as_numpy_dtype)
        return map(_constant, self.session.run(op.outputs, given))

    def _each(self, translate, inputs):
        """Translates number by number; shapes broadcast as in NumPy."""
        inputs = np.broadcast_arrays(*inputs)
        result = np.empty(inputs[0].shape, object)
        for place in np.ndindex(result.shape):
            result[place] = translate(
                self.builder, *(terms[place] for terms in inputs)
            )
        return result

    # Operations that move numbers.

    def _addn(self, op, *inputs):
        return [self._each(lambda b, *terms: b.fold("Add", terms), inputs)]

    def _cast(self, op, terms):
        if op.outputs[0].dtype.is_floating and op.inputs[0].dtype.is_bool:
            return [
                self._each(lambda b, x: b.add("Select", x, 1.0, 0.0), [terms])
            ]
        if op.outputs[0].dtype.is_floating:
            return [terms]
        raise NotImplementedError(f"no translation to {op.outputs[0].dtype}")

    def _concatv2(self, op, *inputs):
        *parts, axis = inputs
        return [np.concatenate(parts, int(axis))]

    def _expanddims(self, op, terms, axis):
        return [np.expand_dims(terms, int(axis))]

    def _fill(self, op, shape, value):
        return [np.full(shape.astype(int), value.item(), object)]

    def _matmul(self, op, a, b):
        a = a.T if op.get_attr("transpose_a") else a
        b = b if op.get_attr("transpose_b") else b.T
        terms = self._each(ELEMENTWISE["Mul"], [a[:, np.newaxis], b])
        return [_fold_axes(self.builder, "Add", terms, -1, keep=False)]

    def _mean(self, op, terms, axes):
        keep = op.get_attr("keep_dims")
        total = _fold_axes(self.builder, "Add", terms, axes, keep)
        count = np.full((), terms.size / max(total.size, 1), object)
        return [self._each(ELEMENTWISE["RealDiv"], [total, count])]

    def _pack(self, op, *inputs):
        return [np.stack(inputs, op.get_attr("axis"))]

    def _reshape(self, op, terms, shape):
        return [terms.reshape(shape.astype(int))]

    def _shape(self, op, terms):
        return [_constant(terms.shape)]

    def _slice(self, op, terms, begin, size):
        begin, size = begin.astype(int), size.astype(int)
        stop = np.where(size < 0, terms.shape, begin + size)
        return [terms[tuple(map(slice, begin, stop))]]

    def _logsoftmax(self, op, logits):
        shifted, _, total = self._powers(logits)
        log_total = self._each(ELEMENTWISE["Log"], [total])
        return [self._each(ELEMENTWISE["Sub"], [shifted, log_total])]

    def _softmax(self, op, logits):
        _, powers, total = self._powers(logits)
        return [self._each(ELEMENTWISE["RealDiv"], [powers, total])]

    def _softmaxcrossentropywithlogits(self, op, logits, labels):
        (log_p,), (p,) = self._logsoftmax(op, logits), self._softmax(op, logits)
        # -y log(p), and by the logits p - y
        terms = self._each(
            lambda b, y, log: b.product(-1.0, y, log), [labels, log_p]
        )
        slopes = self._each(ELEMENTWISE["Sub"], [p, labels])
        return [_fold_axes(self.builder, "Add", terms, -1, False), slopes]

    def _powers(self, logits):
        """Returns logits less their maximum, their powers, and these added."""
        top = _fold_axes(self.builder, "Maximum", logits, -1, keep=True)
        shifted = self._each(ELEMENTWISE["Sub"], [logits, top])
        powers = self._each(ELEMENTWISE["Exp"], [shifted])
        total = _fold_axes(self.builder, "Add", powers, -1, keep=True)
        return shifted, powers, total

    def _squeeze(self, op, terms):
        axes = op.get_attr("squeeze_dims")
        return [np.squeeze(terms, tuple(axes) or None)]

    def _stridedslice(self, op, terms, begin, end, strides):
        masks = {
            name: op.get_attr(f"{name}_mask")
            for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
        }
        index = []
        for place in range(len(begin)):
            has = {name: mask >> place & 1 for name, mask in masks.items()}
            start, stop = int(begin[place]), int(end[place])
            if has["ellipsis"]:
                index.append(Ellipsis)
            elif has["new_axis"]:
                index.append(np.newaxis)
            elif has["shrink_axis"]:
                index.append(start)
            else:
                start = None if has["begin"] else start
                stop = None if has["end"] else stop
                index.append(slice(start, stop, int(strides[place])))
        return [np.asarray(terms[tuple(index)], object)]

    def _stridedslicegrad(self, op, shape, begin, end, strides, gradient):
        result = np.full(shape.astype(int), 0.0, object)
        places = np.arange(result.size).reshape(result.shape)
        picked = self._stridedslice(op, places, begin, end, strides)[0]
        result.reshape(-1)[picked.astype(int).ravel()] = gradient.ravel()
        return [result]

    def _tile(self, op, terms, repeats):
        return [np.tile(terms, repeats.astype(int))]

    def _transpose(self, op, terms, order):
        return [terms.transpose(order.astype(int))]

    def _unpack(self, op, terms):
        return list(np.moveaxis(terms, op.get_attr("axis"), 0))

    def _zeroslike(self, op, terms):
        return [np.full(terms.shape, 0.0, object)]


def _is_constant(terms):
    return not any(isinstance(term, str) for term in terms.flat)


def shape_of(parameter):
    """Returns the shape of an argument of a core, which its name tells."""
    return cores.SHAPES.get(parameter, ())


def flat_names(parameter):
    """Returns the names of the numbers of an argument.

    >>> flat_names("margin"), flat_names("box")
    (['margin'], ['box0', 'box1', 'box2', 'box3'])
    """
    shape = shape_of(parameter)
    count = int(np.prod(shape))
    return [f"{parameter}{i}" for i in range(count)] if shape else [parameter]


def with_gradient(core):
    """Returns a function: the loss of a core, and `GradientTape`'s slopes.

    Args:
        core: a function that returns one number. The loss is differentiated
            by its positional arguments; those by keyword are set by sliders.
    """
    parameters = inspect.signature(core).parameters.values()
    moved = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]

    def loss_and_slopes(**arguments):
        moving = [arguments[name] for name in moved]
        with tf.GradientTape() as tape:
            tape.watch(moving)
            loss = core(**arguments)
        slopes = tape.gradient(loss, moving, unconnected_gradients="zero")
        return loss, *slopes

    return loss_and_slopes


def trace(core):
    """Returns a core and its slopes as a formula.

    Raises:
        NotImplementedError: its graph holds an operation unknown here; the
            message names it.
    """
    names = list(inspect.signature(core).parameters)
    specs = [tf.TensorSpec(shape_of(name), tf.float32, name) for name in names]

    @tf.function(autograph=False)
    def function(*values):
        return with_gradient(core)(**dict(zip(names, values, strict=True)))

    graph = function.get_concrete_function(*specs)
    flat = [flat_names(name) for name in names]
    arguments = [
        np.array(parts, object).reshape(shape_of(name))
        for name, parts in zip(names, flat, strict=True)
    ]
    translator = Translator(graph, arguments)
    results = [
        term
        for tensor in graph.outputs
        for term in translator.terms(tensor).flat
    ]
    return {
        "label": inspect.getdoc(core).rstrip("."),
        "arguments": [part for parts in flat for part in parts],
        "steps": translator.builder.steps(results),
        "results": results,
    }


def trace_all():
    """Returns the formulas of all cores, by name."""
    return {
        name: trace(core)
        for name, core in vars(cores).items()
        if inspect.isfunction(core) and not name.startswith("_")
    }


if __name__ == "__main__":
    lines = [
        f"{json.dumps(name)}: {json.dumps(formula, separators=(',', ':'))}"
        for name, formula in trace_all().items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    formulas.STORED.write_text(text, encoding="utf-8", newline="\n")
