"""How far apart two heaps of pictures lie, in the features of a classifier: FID and KID.

The published numbers of these names are of one network, Inception v3 trained on ImageNet, and of 50,000 pictures. Of another
network's features they are other numbers, to be compared only among themselves: here they are called `fid_judge` and `kid_judge`,
after the judge whose features they are of. Torchmetrics does the arithmetic.
"""

import torch
from torch import Tensor
from torch.nn import Module
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

from groundup.errors import UserError


class AsTheyAre(Module):
    """Stands where torchmetrics expects Inception: the features are there already."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def normalized(real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """Both in float64, moved and scaled alike so that the real ones have mean 0 and, over all features together, variance 1.

    So the distances do not change when the classifier counts its features in other units.
    Shapes: (real, features) and (made, features) -> the same.
    Raises: UserError for fewer than two of either, and where all the real ones are alike.
    """
    if min(len(real), len(made)) < 2:
        raise UserError(f"a distance between heaps of pictures takes two of each at least; got {len(real)} and {len(made)}")
    real, made = real.double().cpu(), made.double().cpu()
    scale = real.var(0).mean().sqrt()
    if not scale > 0:
        raise UserError("the classifier sees the same in every real picture, and so can measure no distance from them")
    return (real - real.mean(0)) / scale, (made - real.mean(0)) / scale


def frechet_distance(real: Tensor, made: Tensor) -> float:
    """The distance between the two normal distributions that have the features' means and covariances, a feature.

    |mean - mean'|^2 + trace(C + C' - 2 sqrt(C C')), of features normalized by the real ones, over the number of features. 0 is
    alike; 1 is what the average of all real pictures scores when it is made over and over. A few pictures score more than many of
    the same kind: compare only what was measured with as many.

    Shapes: (real, features) and (made, features), any counts.
    Paper: Heusel et al. 2017, https://arxiv.org/abs/1706.08500, equation 6.
    Raises: UserError as `normalized`.
    """
    real, made = normalized(real, made)
    if not made.isfinite().all():
        return float("nan")
    metric = FrechetInceptionDistance(feature=AsTheyAre(real.shape[1])).set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(made, real=False)
    return max(0.0, metric.compute().item()) / real.shape[1]


def kernel_distance(real: Tensor, made: Tensor) -> float:
    """The squared distance of the means in the space of the kernel (x y / features + 1)^3, of normalized features.

    It is without bias: heaps of the same kind score 0 on average, however few they are, and so a little below now and then.
    Of the larger heap as many are taken as the smaller has, from its beginning.

    Shapes: (real, features) and (made, features), any counts.
    Paper: Binkowski et al. 2018, https://arxiv.org/abs/1801.01401, section 4 (the estimator is that of its lemma 6).
    Raises: UserError as `normalized`.
    """
    real, made = normalized(real, made)
    count = min(len(real), len(made))
    return poly_mmd(real[:count], made[:count]).item()
