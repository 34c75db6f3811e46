"""How one tensor follows from others, in words: times a constant, transposed, moved by one, the sum of two, behind a ReLU."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from groundup.parity.compare import relative_error

Named = Sequence[tuple[str, Tensor]]

BENT: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": lambda x: x.clamp(min=0),
    "GELU": lambda x: x / 2 * (1 + torch.erf(x / math.sqrt(2))),
    "SiLU": lambda x: x * torch.sigmoid(x),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.exp(x - x.logsumexp(-1, keepdim=True)),
    "log-softmax": lambda x: x - x.logsumexp(-1, keepdim=True),
    "exponential": torch.exp,
}


def equal(a: Tensor, b: Tensor, tolerance: float) -> bool:
    return a.shape == b.shape and relative_error(a, b) <= tolerance


def factor(a: Tensor, b: Tensor, tolerance: float) -> float | None:
    """c where a = c * b, and None where there is none; a single number is a multiple of any, which says nothing."""
    if a.shape != b.shape or a.numel() < 2 or not a.is_floating_point():
        return None
    place = b.abs().argmax()
    if b.flatten()[place] == 0:
        return None
    c = (a.flatten()[place] / b.flatten()[place]).item()
    return c if c and equal(a, b * c, tolerance) else None


def as_number(c: float, sizes: Sequence[int]) -> str:
    """A constant by its meaning, where it is made of one of these sizes."""
    for size in sorted(set(sizes)):
        for text, value in ((f"{size}", size), (f"sqrt({size})", size**0.5), (f"{size} - 1", size - 1)):
            if size > 1 and math.isclose(c, value, rel_tol=1e-9):
                return text
            if size > 1 and value and math.isclose(c, 1 / value, rel_tol=1e-9):
                return f"1 / ({text})" if " " in text else f"1 / {text}"
    return f"{c:.6g}"


def relation(ours: Tensor, theirs: Tensor, inputs: Named, parameters: Named, tolerance: float) -> str | None:
    """What mine is to the reference's, as a likely cause; None where nothing simple holds."""
    if ours.shape != theirs.shape:
        return reshaped(ours, theirs, tolerance)
    sizes = [size for _, tensor in (*inputs, ("", theirs)) for size in tensor.shape]
    c = factor(ours, theirs, tolerance)
    if c is not None:
        return multiple(c, sizes)
    if ours.numel() == 1 and theirs.item() and (scalar := named_ratio((ours / theirs).item(), sizes)):
        return f"mine is the reference's times {scalar}"
    for name, bend in BENT.items():
        if equal(ours, bend(theirs), tolerance):
            return f"mine ends in one {name} more than the reference"
        if equal(bend(ours), theirs, tolerance):
            return f"the {name} at the end is missing"
    for name, tensor in (*inputs, *parameters):
        for sign, word in ((1, "not added"), (-1, "added once too often")):
            if tensor.dim() <= ours.dim() and fits(tensor, ours) and equal(ours + sign * shaped(tensor, ours), theirs, tolerance):
                return f"{name} is {word}"
    return moved(ours, theirs, tolerance)


def multiple(c: float, sizes: Sequence[int]) -> str:
    if math.isclose(c, -1):
        return "the sign is the other way round"
    if abs(c - 1) < 0.01:
        return f"mine is the reference's times {c:.9g}: a small constant, such as eps, is another or stands elsewhere"
    return f"mine is the reference's times {as_number(c, sizes)}"


def named_ratio(c: float, sizes: Sequence[int]) -> str | None:
    """The text of a constant that is made of one of the sizes, or of a product of two."""
    products = [a * b for a in sizes for b in sizes]
    text = as_number(c, [*sizes, *products])
    return text if not text[0].isdigit() or text.isdigit() else None


def fits(tensor: Tensor, other: Tensor) -> bool:
    try:
        return torch.broadcast_shapes(shaped(tensor, other).shape, other.shape) == other.shape
    except RuntimeError:
        return False


def shaped(vector: Tensor, other: Tensor) -> Tensor:
    """A bias in the shape in which it is added: along the channels of a picture, along the last dimension elsewhere."""
    if vector.dim() == 1 and other.dim() > 2 and vector.shape[0] == other.shape[1] != other.shape[-1]:
        return vector.view(-1, *[1] * (other.dim() - 2))
    return vector


def reshaped(ours: Tensor, theirs: Tensor, tolerance: float) -> str | None:
    """Where the shapes differ: the same numbers with two dimensions swapped, or laid out otherwise."""
    for a in range(theirs.dim()):
        for b in range(a):
            if equal(ours, theirs.transpose(a, b), tolerance):
                return f"dimensions {b} and {a} are swapped"
    if ours.numel() == theirs.numel() and equal(ours.flatten(), theirs.flatten(), tolerance):
        return "the numbers are the same, in another shape"
    for d in range(theirs.dim()):
        if ours.dim() == theirs.dim() - 1 and equal(ours, theirs.mean(d), tolerance):
            return f"mine is the mean of the reference's over dimension {d}"
        if ours.dim() == theirs.dim() - 1 and equal(ours, theirs.sum(d), tolerance):
            return f"mine is the sum of the reference's over dimension {d}"
    return None


def moved(ours: Tensor, theirs: Tensor, tolerance: float) -> str | None:
    """The same numbers elsewhere: transposed, flipped, moved by one, or slices in another order."""
    for a in range(theirs.dim()):
        for b in range(a):
            if theirs.shape[a] == theirs.shape[b] and equal(ours, theirs.transpose(a, b), tolerance):
                return f"dimensions {b} and {a} are swapped"
    for d in range(theirs.dim()):
        if theirs.shape[d] < 2:
            continue
        if equal(ours, theirs.flip(d), tolerance):
            return f"dimension {d} runs backwards"
        if equal(ours.narrow(d, 1, theirs.shape[d] - 1), theirs.narrow(d, 0, theirs.shape[d] - 1), tolerance):
            return f"off by one: along dimension {d} mine is one place behind"
        if equal(ours.narrow(d, 0, theirs.shape[d] - 1), theirs.narrow(d, 1, theirs.shape[d] - 1), tolerance):
            return f"off by one: along dimension {d} mine is one place ahead"
        if reordered(ours.movedim(d, 0), theirs.movedim(d, 0), tolerance):
            return f"along dimension {d} the same slices stand in another order (halves for neighbours, gates, heads)"
    if equal(ours.flatten().sort().values, theirs.flatten().sort().values, tolerance):
        return "the same numbers stand in another order: a transpose or a reshape is missing, or one too many"
    return differs_in(ours, theirs, tolerance)


def reordered(ours: Tensor, theirs: Tensor, tolerance: float) -> bool:
    """Whether the slices of the first dimension are the same ones, in another order."""
    left = list(range(len(theirs)))
    for part in ours:
        match = next((i for i in left if equal(part, theirs[i], tolerance)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def differs_in(ours: Tensor, theirs: Tensor, tolerance: float) -> str | None:
    """Where along one dimension some slices agree wholly and others do not."""
    for d in range(theirs.dim()):
        wrong = [not equal(a, b, tolerance) for a, b in zip(ours.movedim(d, 0), theirs.movedim(d, 0))]
        if len(wrong) > 1 and not all(wrong):
            places = [i for i, is_wrong in enumerate(wrong) if is_wrong]
            told = ", ".join(map(str, places[:6])) + (" ..." if len(places) > 6 else "")
            return f"along dimension {d} only the places {told} of {len(wrong)} differ"
    return None


def origins(target: Tensor, known: Named, tolerance: float) -> Iterator[str]:
    """How a tensor is made of known ones: one of them, a multiple, a bend, a sum or a difference of two."""
    same = [(name, tensor) for name, tensor in known if tensor.is_floating_point() and tensor.shape == target.shape]
    for name, tensor in same:
        if equal(target, tensor, tolerance):
            yield name
    for name, tensor in same:
        c = factor(target, tensor, tolerance)
        if c is not None and c != 1:
            yield f"{name} times {as_number(c, tensor.shape)}"
        yield from (f"the {bent} of {name}" for bent, bend in BENT.items() if equal(target, bend(tensor), tolerance))
    for i, (first, a) in enumerate(same):
        for j, (second, b) in enumerate(same[i + 1 :]):
            if equal(target, a + b, tolerance):
                yield f"the sum of {first} and {second}"
            if equal(target, (a + b).clamp(min=0), tolerance):
                yield f"the ReLU of the sum of {first} and {second}"
            if equal(target, a * b, tolerance):
                yield f"the product of {first} and {second}"
            for third, c in same[i + j + 2 :]:
                if equal(target, a + b + c, tolerance):
                    yield f"the sum of {first}, {second} and {third}"
