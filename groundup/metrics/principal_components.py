"""Principal component analysis, the yardstick of every code: the best that can be done without a bend."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor

from groundup.errors import UserError


class PrincipalComponents:
    """The mean of the training pictures and the directions in which they differ most. It is a Fact.

    `mean` is (channels, height, width); `components` are such pictures too, each of length 1, at right angles to one another.
    """

    def __init__(self, mean: Tensor, components: Tensor):
        self.mean, self.components = mean, components

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {}, {"mean": self.mean, "components": self.components}

    @classmethod
    def from_fact(cls, plain: Mapping, tensors: Mapping[str, Tensor]) -> Self:
        return cls(tensors["mean"], tensors["components"])

    def reconstruct(self, image: Tensor, dimensions: int) -> Tensor:
        """The pictures said again by so many numbers, those of the first components. Shapes: (batch, *mean.shape) -> the same.

        Raises: UserError for more numbers than there are components.
        """
        if dimensions > len(self.components):
            raise UserError(
                f"{len(self.components)} principal components were fitted, and the codes have {dimensions} numbers: fit as many"
            )
        mean, components = self.mean.to(image).flatten(), self.components[:dimensions].to(image).flatten(1)
        code = (image.flatten(1) - mean) @ components.T
        return (mean + code @ components).view(image.shape)


def fit_principal_components(image: Tensor, dimensions: int) -> PrincipalComponents:
    """Scikit-learn's analysis of these pictures. Shapes: (batch, channels, height, width)."""
    from sklearn.decomposition import PCA

    found = PCA(dimensions, svd_solver="covariance_eigh").fit(image.flatten(1).double().numpy())
    mean, components = (torch.from_numpy(array.copy()) for array in (found.mean_, found.components_))
    return PrincipalComponents(mean.view(image.shape[1:]), components.view(dimensions, *image.shape[1:]))
