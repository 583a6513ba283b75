"""The same model from the same seed, trained with different losses.

The results are the same, bit for bit, with every supported Keras: the
starting weights come from NumPy's frozen `RandomState`, and the batches are
taken in the order given.
"""

import numpy as np
import tensorflow as tf


def seed_weights(model, seed):
    """Sets a model's weights to fixed random ones.

    Matrices get Glorot's uniform distribution, vectors zeros.

    Args:
        model: a built Keras model whose weights are all trainable.
        seed: decides the weights.

    Returns:
        The model.
    """
    random = np.random.RandomState(seed)
    weights = []
    for old in model.get_weights():
        if old.ndim < 2:
            weights.append(np.zeros_like(old))
            continue
        receptive = int(np.prod(old.shape[:-2]))
        limit = np.sqrt(6 / (receptive * (old.shape[-2] + old.shape[-1])))
        weights.append(random.uniform(-limit, limit, old.shape))
    model.set_weights(weights)
    return model


def dense_network(
    features, outputs=1, hidden=(), activation=None, seed=0, dtype=None
):
    """Returns a stack of dense layers with fixed starting weights.

    Args:
        features: how many numbers a sample has.
        outputs: how many numbers it predicts.
        hidden: the widths of the hidden layers, each followed by ReLU.
        activation: that of the last layer.
        seed: decides the weights.
        dtype: of weights and outputs. In "float64" most trainings print the
            same digits even where the last bits of float32 differ.

    >>> dense_network(3, outputs=2, hidden=[4]).count_params()
    26
    """
    layers = [
        tf.keras.layers.Dense(width, "relu", dtype=dtype) for width in hidden
    ]
    last = tf.keras.layers.Dense(outputs, activation, dtype=dtype)
    model = tf.keras.Sequential(
        [tf.keras.Input((features,), dtype=dtype), *layers, last]
    )
    return seed_weights(model, seed)


def train(
    model,
    loss,
    x,
    y,
    *,
    epochs,
    learning_rate=0.01,
    batch_size=32,
    sample_weight=None,
    validation_data=None,
    metrics=None,
):
    """Trains a model by Adam, without shuffling, and returns its history.

    Args:
        model: a Keras model.
        loss: what `compile` takes.
        x: inputs. Shuffle them beforehand if their order means something.
        y: labels.
        epochs: how often to go through them.
        learning_rate: Adam's step size.
        batch_size: samples per step.
        sample_weight: one weight per sample.
        validation_data: `(x, y)` to measure after each epoch.
        metrics: a list of further measures.

    Returns:
        A dict from each measure's name to its list of values, one an epoch.
    """
    model.compile(
        optimizer=tf.keras.optimizers.Adam(learning_rate),
        loss=loss,
        metrics=metrics,
    )
    return model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        sample_weight=sample_weight,
        validation_data=validation_data,
        shuffle=False,
        verbose=0,
    ).history


def _step(model, optimizer, loss, x, y, *sample_weight):
    """Takes one step down the mean loss of a batch, and returns it."""
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(loss(y, model(x), *sample_weight))
    slopes = tape.gradient(value, model.trainable_variables)
    optimizer.apply_gradients(
        zip(slopes, model.trainable_variables, strict=True)
    )
    return value


def train_epochs(
    model,
    loss,
    x,
    y,
    *,
    epochs,
    learning_rate=0.01,
    batch_size=32,
    sample_weight=None,
):
    """Trains as `train` does, several times as fast, and stops at each epoch.

    `fit` spends most of its time around the steps, if these are small. Use
    it as a loop, and measure what you like in its body:
    `for loss in train_epochs(...): ...`.

    Args:
        model: a built Keras model.
        loss: a Keras `Loss`; or, without weights, a function with one value
            per sample.
        x: inputs. Shuffle them beforehand if their order means something.
        y: labels.
        epochs: how often to go through them.
        learning_rate: Adam's step size.
        batch_size: samples per step.
        sample_weight: one weight per sample.

    Yields:
        The mean loss of the epoch's batches.
    """
    optimizer = tf.keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)
    given = [x, y] if sample_weight is None else [x, y, sample_weight]
    arrays = [tf.constant(array) for array in given]

    @tf.function
    def step(start):
        batch = [array[start : start + batch_size] for array in arrays]
        return _step(model, optimizer, loss, *batch)

    for _ in range(epochs):
        starts = tf.range(0, len(x), batch_size)
        yield float(tf.reduce_mean([step(start) for start in starts]))


def descend(model, loss, x, y, *, steps, learning_rate=0.01):
    """Trains a model by Adam on all samples at once, step by step.

    For small data and a loss whose minimum is to be reached, where the
    noise of batches would be in the way.

    Args:
        model: a built Keras model.
        loss: a Keras `Loss`, or a function with one value per sample.
        x: inputs.
        y: labels.
        steps: how many steps to take.
        learning_rate: Adam's step size at the first step; it falls along a
            half cosine, to 0 at the last.

    Returns:
        The mean loss before each step, `(steps,)`.
    """
    schedule = tf.keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = tf.keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(x), tf.constant(y)

    @tf.function
    def step():
        return _step(model, optimizer, loss, x, y)

    return np.array([step() for _ in range(steps)])


def fit_network(
    loss, x, y, *, steps, learning_rate=0.05, seed=0, outputs=1, **network
):
    """Trains a dense network on all samples at once.

    The inputs are standardised by their own mean and deviation, for training
    and for every prediction.

    Args:
        loss: a Keras `Loss`, or a function with one value per sample.
        x: inputs, `(n,)` or `(n, features)`.
        y: one label per sample, `(n,)`.
        steps: as for `descend`.
        learning_rate: as for `descend`.
        seed: decides the starting weights.
        outputs: how many numbers to predict for each label.
        **network: further arguments of `dense_network`.

    Returns:
        `predict(x)`, which returns `(n,)`, or `(n, outputs)` for several.
    """
    columns = np.reshape(x, (len(x), -1))
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)

    def scaled(x):
        x = (np.reshape(x, (len(x), -1)) - mean) / deviation
        return x.astype(np.float32)

    model = dense_network(
        columns.shape[1], outputs=outputs, seed=seed, **network
    )
    labels = np.asarray(y, np.float32)[:, np.newaxis]
    descend(
        model, loss, scaled(x), labels, steps=steps, learning_rate=learning_rate
    )

    def predict(x):
        predictions = model(scaled(x)).numpy()
        return predictions[:, 0] if outputs == 1 else predictions

    return predict
