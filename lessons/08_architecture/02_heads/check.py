"""What an answer to `GroupedAttention` must do."""

import torch

from groundup.learn.exercise import Exercise, raised


def made(GroupedAttention, width=12, num_heads=6, num_kv_heads=2, seed=1):
    layer = GroupedAttention(width=width, num_heads=num_heads, num_kv_heads=num_kv_heads)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(layer.named_parameters()):
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=draw))
    return layer


def rows(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


EXERCISE = Exercise(
    title="Several heads",
    name="GroupedAttention",
    build=lambda GroupedAttention: (made(GroupedAttention), rows(2, 5, 12)),
    hints=(
        "Split each projection into heads: (batch, length, heads * d) cut into (batch, length, heads, d), then turned to "
        "(batch, heads, length, d).",
        "key and value have fewer heads than query: repeat each as often as there are query heads for it, side by side: "
        "repeat_interleave(shared, 1), and not repeat, which lays the whole row of heads behind itself.",
        "weights = (q @ k.mT / sqrt(head width)).softmax(-1); the answer is output((weights @ v).transpose(1, 2).flatten(2))."
        " Refuse sizes with width % num_heads or num_heads % num_kv_heads.",
    ),
)


@EXERCISE.claim("its parameters")
def parameters(GroupedAttention):
    return {name: tuple(parameter.shape) for name, parameter in sorted(made(GroupedAttention).named_parameters())}


@EXERCISE.claim("six heads, two of keys and values")
def six(GroupedAttention):
    return made(GroupedAttention)(rows(2, 5, 12))


@EXERCISE.claim("as many key heads as heads, and one for all")
def extremes(GroupedAttention):
    return [made(GroupedAttention, 8, 4, count)(rows(2, 3, 8)) for count in (4, 1)]


@EXERCISE.claim("as many words as heads as features of a head")
def cube(GroupedAttention):
    return made(GroupedAttention, 4, 2, 1)(rows(1, 2, 4))


@EXERCISE.claim("the order of the words changes no word's answer")
def order(GroupedAttention):
    layer, x = made(GroupedAttention), rows(1, 4, 12)
    return layer(x.flip(1)).flip(1) - layer(x)


@EXERCISE.claim("gradients of the input and of all weights")
def gradients(GroupedAttention):
    layer, x = made(GroupedAttention), rows(2, 4, 12).requires_grad_()
    (layer(x) * rows(2, 4, 12, seed=9)).sum().backward()
    return {"gradient of x": x.grad, **{f"gradient of {name}": p.grad for name, p in sorted(layer.named_parameters())}}


@EXERCISE.claim("heads that do not divide are refused by a ValueError")
def refused(GroupedAttention):
    sizes = ((10, 4, 2), (12, 6, 4))
    return [raised(lambda s=s: GroupedAttention(width=s[0], num_heads=s[1], num_kv_heads=s[2]), ValueError) for s in sizes]


@EXERCISE.drawn
def drawn(GroupedAttention, seed: int):
    kv, shared, head = 1 + seed % 3, 1 + seed % 2, 1 + seed % 4
    layer = made(GroupedAttention, kv * shared * head, kv * shared, kv, seed)
    x = rows(1 + seed % 2, 1 + seed % 4, kv * shared * head, seed=seed).requires_grad_()
    y = layer(x)
    y.square().sum().backward()
    return y, x.grad
