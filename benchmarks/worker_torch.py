"""Measures pytorch-metric-learning, torchvision and the floor in PyTorch."""

import math

import torch
from cells import DIMENSION, FLOOR, LOSSES
from measure import serve
from pytorch_metric_learning import distances, losses, miners
from torchvision import ops

# The arithmetic of lossutils and TensorFlow Addons: embeddings as they come.
PLAIN = {"distance": distances.LpDistance(normalize_embeddings=False)}


def mined(miner, loss):
    """Returns a loss of the pairs or triplets that a miner chooses."""
    return lambda labels, points: loss(points, labels, miner(points, labels))


def with_head(loss_class, arrays, **settings):
    """Returns a loss whose weights are the second array."""
    loss = loss_class(arrays[1].shape[1], DIMENSION, **settings)
    loss.W = torch.nn.Parameter(arrays[1].detach())
    arrays[1] = loss.W
    return lambda labels, points, weights: loss(points, labels)


def in_batch(loss):
    """Returns a metric-learning loss with the labels first."""
    return lambda labels, points: loss(points, labels)


def of_elements(function):
    """Returns the mean of a loss of torchvision."""
    return lambda labels, predictions: function(
        predictions, labels, reduction="mean"
    )


def peer(name, arrays):
    """Returns the loss of this name as `loss(labels, *arrays)`."""
    if name == "arcface":
        margin = math.degrees(0.5)
        return with_head(losses.ArcFaceLoss, arrays, margin=margin)
    if name == "cosface":
        return with_head(losses.CosFaceLoss, arrays)
    if name in {"sigmoid_focal", "giou", "diou", "ciou"}:
        return of_elements(getattr(ops, LOSSES[name].peer))
    triplets = losses.TripletMarginLoss(margin=1.0, **PLAIN)
    semihard = miners.TripletMarginMiner(1.0, "semihard", **PLAIN)
    return {
        "triplet_semihard": mined(semihard, triplets),
        "triplet_hard": mined(miners.BatchHardMiner(**PLAIN), triplets),
        "triplet_batch_all": in_batch(triplets),
        "lifted_struct": in_batch(losses.LiftedStructureLoss(**PLAIN)),
        "npairs": in_batch(losses.NPairsLoss()),
        "contrastive_all_pairs": in_batch(losses.ContrastiveLoss(**PLAIN)),
        "nt_xent": in_batch(losses.NTXentLoss(temperature=0.1)),
        "supervised_contrastive": in_batch(losses.SupConLoss()),
        "multi_similarity": mined(
            miners.MultiSimilarityMiner(), losses.MultiSimilarityLoss()
        ),
        "circle": in_batch(losses.CircleLoss()),
    }[name]


def pairwise_product(labels, points):
    """Returns the sum of squares of all products of two rows."""
    return (points @ points.T).square().sum()


def step(cell, labels, arrays):
    """Returns a function that computes the loss and its gradient."""
    labels = torch.tensor(labels)
    arrays = [torch.tensor(array, requires_grad=True) for array in arrays]
    if cell.loss == FLOOR:
        loss = pairwise_product
    else:
        loss = peer(cell.loss, arrays)

    def forward_and_back():
        value = loss(labels, *arrays)
        slopes = torch.autograd.grad(value, arrays)
        return value.detach(), slopes[0]

    return forward_and_back


def build(cell, *samples):
    """Returns, for each sample, what computes the loss and its gradient."""
    # The first large product sets up buffers that PyTorch keeps for all.
    torch.ones(512, DIMENSION) @ torch.ones(DIMENSION, 512)
    return [step(cell, *sample) for sample in samples]


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    serve(build, ["torch", "torchvision", "pytorch-metric-learning", "numpy"])
