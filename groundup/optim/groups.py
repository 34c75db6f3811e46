"""Which weights an optimiser treats alike."""

from torch.nn import Module


def decay_matrices_only(model: Module) -> list[dict[str, object]]:
    """The optimiser's weight decay for matrices and kernels; none for biases, gains and other vectors.

    Decay keeps what multiplies activations from growing without need. A bias or a gain has nothing to gain from being small.
    Raises: ValueError for a model without trainable weights.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise ValueError("decay_matrices_only: this model has no weights to train")
    matrices = [parameter for parameter in parameters if parameter.dim() > 1]
    vectors = [parameter for parameter in parameters if parameter.dim() <= 1]
    groups = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
