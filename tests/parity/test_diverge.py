"""diverge names the submodule at fault: plausible mistakes, each planted in one place of a small network (see conftest.py)."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from groundup.parity.diverge import diverge


class ForgetfulGELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.gelu(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * torch.special.ndtr(*ctx.saved_tensors)  # the product rule's second half is missing


class HalfBias(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.mT + bias

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return grad @ weight, (grad.mT @ x), grad.mean(0)


def code(**methods):
    """A mistake in the code of a submodule: it becomes of a class with other methods."""

    def plant(module):
        module.__class__ = type(type(module).__name__, (type(module),), methods)

    return plant


def settings(**values):
    """A mistake in the settings of a submodule."""
    return lambda module: vars(module).update(values)


def part(name, make):
    """A mistake in what a submodule is made of."""
    return lambda module: setattr(module, name, make())


def postnorm(self, x, mask):
    x = self.norm1(x + self.dropout(self.attention(x, mask)))
    return self.norm2(x + self.dropout(self.mlp(x)))


def without_residual(self, x, mask):
    x = x + self.dropout(self.attention(self.norm1(x), mask))
    return self.dropout(self.mlp(self.norm2(x)))


def residual_of_the_normed(self, x, mask):
    x = self.norm1(x)
    x = x + self.dropout(self.attention(x, mask))
    return x + self.dropout(self.mlp(self.norm2(x)))


def mask_not_handed_on(self, x, mask):
    x = x + self.dropout(self.attention(self.norm1(x)))
    return x + self.dropout(self.mlp(self.norm2(x)))


def cut(self, x, mask):
    x = x.detach() + self.dropout(self.attention(self.norm1(x), mask))
    return x + self.dropout(self.mlp(self.norm2(x)))


def swapped(self, x, mask):
    q, k, v = (self.heads(part(x)) for part in (self.query, self.value, self.key))
    return self.out(self.merge(self.weights(q, k, mask) @ v))


def scores(self, q, k, mask, scale=0.5):
    return (q @ k.mT * scale).masked_fill(~mask[:, None, None], float("-inf"))


def scaled_in_place(self, x, mask):
    x = x + self.dropout(self.attention(self.norm1(x.mul_(0.5)), mask))
    return x + self.dropout(self.mlp(self.norm2(x)))


def relu_forgotten(self, x):
    return self.relu(x + self.norm2(self.conv2(self.norm1(self.conv1(x)))))


def biased(self, x):
    self.num_batches_tracked += 1
    self.running_mean.lerp_(x.detach().mean((0, 2, 3)), self.momentum)
    self.running_var.lerp_(x.detach().var((0, 2, 3), correction=0), self.momentum)


def kept_in_training(self, x):
    return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)


def uncounted(self, x):
    type(self).__base__.update(self, x)
    self.num_batches_tracked -= 1


def always_updating(self, x):
    normalized = type(self).__base__.forward(self, x)
    if not self.training:
        self.update(x)
    return normalized


def gates(self, x, state, order=(0, 1, 2, 3), keep=True, candidate=torch.tanh):
    h, c = state
    pieces = (self.input(x) + self.hidden(h)).chunk(4, -1)
    i, f, g, o = (pieces[k] for k in order)
    c = (f.sigmoid() * c if keep else c) + i.sigmoid() * candidate(g)
    return o.sigmoid() * c.tanh(), c


ATTENTION, GELU, CONV = "blocks.1.attention", "blocks.0.mlp.1", "blocks.0.conv2"
BLOCK, STEM_NORM = "blocks.1", "stem.1"
# what is wrong: (network, place, what is seen, the mistake)
OUTPUT_FAULTS = {
    "1/sqrt(d) missing": ("encoder", ATTENTION, code(weights=lambda s, q, k, m: scores(s, q, k, m, 1.0).softmax(-1))),
    "softmax over the queries": ("encoder", ATTENTION, code(weights=lambda s, q, k, m: (q @ k.mT / 2).softmax(-2))),
    "mask ignored": ("encoder", ATTENTION, code(weights=lambda s, q, k, m: (q @ k.mT / 2).softmax(-1))),
    "mask multiplied after the softmax": (
        "encoder",
        ATTENTION,
        code(weights=lambda s, q, k, m: (q @ k.mT / 2).softmax(-1) * m[:, None, None]),
    ),
    "mask not handed on": ("encoder", BLOCK, code(forward=mask_not_handed_on)),
    "heads split in the wrong order": ("encoder", ATTENTION, code(heads=lambda s, x: x.unflatten(-1, (-1, 4)).movedim(-1, 1))),
    "heads merged without going back": ("encoder", ATTENTION, code(merge=lambda s, x: x.reshape(len(x), x.shape[2], -1))),
    "key and value swapped": ("encoder", ATTENTION, code(forward=swapped)),
    "weight used transposed": ("encoder", ATTENTION + ".out", code(forward=lambda s, x: x @ s.weight + s.bias)),
    "bias not added": ("encoder", ATTENTION + ".value", code(forward=lambda s, x: x @ s.weight.mT)),
    "another eps": ("encoder", "blocks.1.norm2", settings(eps=1e-6)),
    "eps outside the root": (
        "encoder",
        "blocks.0.norm2",
        code(scaled=lambda s, x: x / (x.var(-1, keepdim=True, correction=0).sqrt() + s.eps)),
    ),
    "unbiased variance": ("encoder", "norm", code(scaled=lambda s, x: x / (x.var(-1, keepdim=True) + s.eps).sqrt())),
    "another GELU": ("encoder", GELU, settings(approximate="tanh")),
    "norm after instead of before": ("encoder", BLOCK, code(forward=postnorm)),
    "residual forgotten": ("encoder", BLOCK, code(forward=without_residual)),
    "residual from behind the norm": ("encoder", BLOCK, code(forward=residual_of_the_normed)),
    "dropout left on": ("encoder", "blocks.0.dropout", code(forward=lambda s, x: F.dropout(x, s.p, True))),
    "another dropout rate": ("encoder", "blocks.0.dropout", settings(p=0.5)),
    "positions off by one": (
        "encoder",
        "",
        code(embed=lambda s, tokens: s.tokens(tokens) + s.positions(torch.arange(1, tokens.shape[1] + 1))),
    ),
    "stride": ("convnet", CONV, settings(stride=(2, 2))),
    "padding of another kind": (
        "convnet",
        "blocks.0.conv1",
        code(forward=lambda s, x: F.conv2d(F.pad(x, [1] * 4, "reflect"), s.weight)),
    ),
    "dilation": ("convnet", CONV, settings(dilation=(2, 2), padding=(2, 2))),
    "kernel flipped": ("convnet", CONV, code(forward=lambda s, x: F.conv2d(x, s.weight.flip(-1, -2), padding=1))),
    "ReLU forgotten": ("convnet", BLOCK, code(forward=relu_forgotten)),
    "residual changed in place": ("encoder", BLOCK, code(forward=scaled_in_place)),
    "average instead of maximum": ("convnet", "pool", code(forward=lambda s, x: F.avg_pool2d(x, 2))),
    "flattened in another order": (
        "convnet",
        "",
        code(forward=lambda s, x: s.head(s.pool(s.blocks(s.stem(x))).permute(0, 2, 3, 1).flatten(1))),
    ),
    "running statistics in training": ("convnet", STEM_NORM, code(forward=kept_in_training)),
    "leaky ReLU": ("convnet", "stem.2", code(forward=lambda s, x: F.leaky_relu(x))),
    "gates in another order": ("classifier", "recurrence.cell", code(forward=lambda s, *a: gates(s, *a, order=(0, 1, 3, 2)))),
    "forget gate forgotten": ("classifier", "recurrence.cell", code(forward=lambda s, *a: gates(s, *a, keep=False))),
    "sigmoid instead of tanh": (
        "classifier",
        "recurrence.cell",
        code(forward=lambda s, *a: gates(s, *a, candidate=torch.sigmoid)),
    ),
    "cell state not handed on": ("classifier", "recurrence", code(hand_on=lambda s, state: (state[0], 0 * state[1]))),
    "first step instead of last": (
        "classifier",
        "",
        code(forward=lambda s, tokens: s.head(s.recurrence(s.embedding(tokens))[:, 0])),
    ),
}

BUFFER_FAULTS = {
    "another momentum": ("convnet", STEM_NORM, settings(momentum=0.9)),
    "biased running variance": ("convnet", "blocks.0.norm2", code(update=biased)),
    "batches not counted": ("convnet", STEM_NORM, code(update=uncounted)),
    "running statistics never kept": ("convnet", "blocks.1.norm1", code(update=lambda s, x: None)),
    "running statistics kept in evaluation too": ("convnet", STEM_NORM, code(forward=always_updating)),
}
GRADIENT_FAULTS = {
    "residual detached": ("encoder", BLOCK, code(forward=cut)),
    "attention detached": ("encoder", ATTENTION, code(weights=lambda s, q, k, m: scores(s, q, k.detach(), m).softmax(-1))),
    "input detached": ("convnet", CONV, code(forward=lambda s, x: F.conv2d(x.detach(), s.weight, padding=1))),
    "output detached": ("encoder", "blocks.0.mlp.2", code(forward=lambda s, x: F.linear(x, s.weight, s.bias).detach())),
    "backward by hand without the product rule": ("encoder", GELU, code(forward=lambda s, x: ForgetfulGELU.apply(x))),
    "backward by hand averages the bias": ("convnet", "head", code(forward=lambda s, x: HalfBias.apply(x, s.weight, s.bias))),
    "bias averaged in a layer that is called again and again": (
        "classifier",
        "recurrence.cell.hidden",
        code(forward=lambda s, x: HalfBias.apply(x, s.weight, s.bias)),
    ),
    "time not gone back through": (
        "classifier",
        "recurrence",
        code(hand_on=lambda s, state: tuple(part.detach() for part in state)),
    ),
    "no gradient to the embedding": ("encoder", "positions", lambda module: module.requires_grad_(False)),
}
WEIGHT_FAULTS = {
    "head not tied": ("encoder", "head", part("weight", lambda: nn.Parameter(torch.zeros(11, 16)))),
    "bias missing": ("encoder", ATTENTION + ".query", part("bias", lambda: None)),
    "a bias too many": ("encoder", "head", part("bias", lambda: nn.Parameter(torch.zeros(11)))),
    "weight of another layout": ("encoder", "blocks.0.mlp.0", part("weight", lambda: nn.Parameter(torch.zeros(16, 24)))),
    "more channels": ("convnet", "head", part("weight", lambda: nn.Parameter(torch.zeros(5, 97)))),
}
KINDS = {"output": OUTPUT_FAULTS, "buffer": BUFFER_FAULTS, "gradient": GRADIENT_FAULTS, "weights": WEIGHT_FAULTS}
FAULTS = [(kind, *fault, name) for kind, faults in KINDS.items() for name, fault in faults.items()]


@pytest.mark.parametrize(
    ("what", "name", "place", "mistake"), [fault[:-1] for fault in FAULTS], ids=[fault[-1] for fault in FAULTS]
)
def test_the_submodule_at_fault_is_named(network, what, name, place, mistake):
    (mine, inputs), (reference, _) = network(name), network(name)
    mistake(mine.get_submodule(place))
    found = diverge(mine, reference, inputs)
    assert (found.place, found.what) == (place, what), str(found)


@pytest.mark.parametrize("name", ["encoder", "convnet", "classifier"])
def test_equal_networks_agree(network, name):
    found = diverge(network(name)[0], network(name)[0], network(name)[1])
    assert found.agrees and found.error == 0.0, str(found)
