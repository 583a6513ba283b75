"""What is measured: which loss, in which library, at which batch size."""

import dataclasses
import itertools
import json

DIMENSION = 128
SAMPLES_A_CLASS = 4
FEW_CLASSES = 10

# Losses in ALL_SIZES are measured at each of SIZES, the others at fewer.
SIZES = (128, 256, 512, 1024, 2048, 4096)
FEWER_SIZES = (128, 512, 2048)
ALL_SIZES = ("triplet_semihard", "triplet_hard", "lifted_struct")
XLA_SIZE = 512

# These hold n * n * n tensors: beyond a batch of 512 each takes minutes.
CUBIC = {("addons", "triplet_semihard"), ("addons", "lifted_struct")}
CUBIC_SIZE = 512

# All pairs of the batch, multiplied and summed: no loss on pairs can do less.
FLOOR = "pairwise_product"
FLOORS = ("floor", "torch floor")

# The implementations that the worker with PyTorch measures.
IN_TORCH = ("peer", "torch floor")


@dataclasses.dataclass(frozen=True)
class Loss:
    """One row: what goes in, and where each library keeps the loss.

    Attributes:
        inputs: what `arrays.make` makes for it.
        ours: module and function in lossutils.
        addons: class in tensorflow_addons.losses, or "" if it has none.
        peer: how PyTorch's libraries call it, or "" if they have none.
        differs: how the peer's loss is not quite ours, or "".
    """

    inputs: str
    ours: str
    addons: str = ""
    peer: str = ""
    differs: str = ""

    @property
    def of_pairs(self):
        """Whether it compares all pairs, so that the floor is below it."""
        return self.inputs in {"ids", "similarities", "multilabels", "pairs"}


LOSSES = {
    FLOOR: Loss("ids", ""),
    "triplet_semihard": Loss(
        "ids",
        "embeddings.triplet_semihard_loss",
        "TripletSemiHardLoss",
        "TripletMarginMiner, type semihard",
        "takes every negative within the margin, not the nearest",
    ),
    "triplet_hard": Loss(
        "ids",
        "embeddings.triplet_hard_loss",
        "TripletHardLoss",
        "BatchHardMiner",
    ),
    "triplet_batch_all": Loss(
        "ids",
        "embeddings.triplet_batch_all_loss",
        peer="TripletMarginLoss",
    ),
    "lifted_struct": Loss(
        "ids",
        "embeddings.lifted_struct_loss",
        "LiftedStructLoss",
        # Not GeneralizedLiftedStructureLoss, which sums over the positives
        # of an anchor too, and so is another function.
        "LiftedStructureLoss",
    ),
    "npairs": Loss(
        "similarities",
        "embeddings.npairs_loss",
        "NpairsLoss",
        "NPairsLoss",
        "takes one pair a class, so a sixteenth of the similarities",
    ),
    "npairs_multilabel": Loss(
        "multilabels",
        "embeddings.npairs_multilabel_loss",
        "NpairsMultilabelLoss",
    ),
    "contrastive": Loss(
        "distances", "embeddings.contrastive_loss", "ContrastiveLoss"
    ),
    "contrastive_all_pairs": Loss(
        "pairs",
        "embeddings.contrastive_loss",
        peer="ContrastiveLoss",
        differs="does not square, and averages each kind of pair apart",
    ),
    "nt_xent": Loss("ids", "embeddings.nt_xent_loss", peer="NTXentLoss"),
    "supervised_contrastive": Loss(
        "ids", "embeddings.supervised_contrastive_loss", peer="SupConLoss"
    ),
    "multi_similarity": Loss(
        "ids",
        "embeddings.multi_similarity_loss",
        peer="MultiSimilarityMiner, MultiSimilarityLoss",
    ),
    "circle": Loss("ids", "embeddings.circle_loss", peer="CircleLoss"),
    "arcface": Loss("cosines", "embeddings.arcface_loss", peer="ArcFaceLoss"),
    "cosface": Loss("cosines", "embeddings.cosface_loss", peer="CosFaceLoss"),
    "sigmoid_focal": Loss(
        "logits",
        "detection.sigmoid_focal_loss",
        "SigmoidFocalCrossEntropy",
        "sigmoid_focal_loss",
    ),
    "giou": Loss(
        "boxes",
        "detection.giou_loss",
        "GIoULoss",
        "generalized_box_iou_loss",
    ),
    "diou": Loss("boxes", "detection.diou_loss", peer="distance_box_iou_loss"),
    "ciou": Loss("boxes", "detection.ciou_loss", peer="complete_box_iou_loss"),
    "pinball": Loss("numbers", "regression.pinball_loss", "PinballLoss"),
    "sparsemax": Loss(
        "one_hot", "classification.sparsemax_loss", "SparsemaxLoss"
    ),
    "weighted_kappa": Loss(
        "probabilities",
        "classification.weighted_kappa_loss",
        "WeightedKappaLoss",
    ),
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One measurement, in a process of its own.

    Attributes:
        implementation: "lossutils", "addons", either of these followed by
            " XLA", "peer", or one of FLOORS.
        loss: key of LOSSES.
        n: size of the batch.
        few: whether the batch has FEW_CLASSES in all, rather than
            SAMPLES_A_CLASS of each.
    """

    implementation: str
    loss: str
    n: int
    few: bool = False

    @property
    def classes(self):
        """How many classes the batch has."""
        return FEW_CLASSES if self.few else self.n // SAMPLES_A_CLASS

    def __str__(self):
        return f"{self.implementation} {self.loss} {self.n}/{self.classes}"


def implementations(name):
    """Returns who has a loss."""
    if name == FLOOR:
        return list(FLOORS)
    loss = LOSSES[name]
    have = {"lossutils": loss.ours, "addons": loss.addons, "peer": loss.peer}
    return [each for each in have if have[each]]


def all_cells(cubic_size):
    """Returns every cell, small batches first.

    Args:
        cubic_size: the largest batch for losses in CUBIC. What lies beyond
            CUBIC_SIZE comes last, and with few samples a class only.
    """
    cells = []
    for name in LOSSES:
        sizes = SIZES if name in (FLOOR, *ALL_SIZES) else FEWER_SIZES
        few = [False, True] if name == "triplet_semihard" else [False]
        for who, n, is_few in itertools.product(
            implementations(name), sizes, few
        ):
            if (who, name) in CUBIC and n > CUBIC_SIZE:
                if n > cubic_size or is_few:
                    continue
            cells.append(Cell(who, name, n, is_few))
        cells += [
            Cell(f"{who} XLA", name, XLA_SIZE)
            for who in implementations(name)
            if who in ("lossutils", "addons")
        ]

    def is_slow(cell):
        return cell.n > CUBIC_SIZE and (cell.implementation, cell.loss) in CUBIC

    return sorted(cells, key=lambda cell: (is_slow(cell), cell.n))


def read(file):
    """Returns what a file of results holds, by cell; the last one counts."""
    results = {}
    if file.exists():
        for line in file.read_text().splitlines():
            result = json.loads(line)
            fields = [field.name for field in dataclasses.fields(Cell)]
            results[Cell(*(result[name] for name in fields))] = result
    return results
