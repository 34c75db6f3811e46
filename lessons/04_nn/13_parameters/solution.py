"""The answer to `summary`."""

from torch.nn import Module


def summary(model: Module) -> dict[str, tuple[int, int]]:
    """For each child the numbers that are learnt and those that are frozen; "" first, if the model has parameters of its own."""
    seen: set[int] = set()

    def counted(parameters) -> tuple[int, int]:
        counts = [0, 0]
        for parameter in parameters:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                counts[not parameter.requires_grad] += parameter.numel()
        return counts[0], counts[1]

    own = list(model.parameters(recurse=False))
    found = {"": counted(own)} if own else {}
    return found | {name: counted(child.parameters()) for name, child in model.named_children()}
