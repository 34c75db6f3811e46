"""diff says why: typical mistakes, each made by hand in a module that is held against torch's, and what is said of it."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from groundup.layers.attention import MultiHeadAttention
from groundup.parity.diverge import diverge


class Mine(nn.Module):
    """A learner's module: parameters and buffers of the reference, and a forward of his own."""

    def __init__(self, reference, function):
        super().__init__()
        for name, value in reference.named_parameters():
            setattr(self, name, nn.Parameter(value.detach().clone()))
        for name, value in reference.named_buffers():
            self.register_buffer(name, value.clone())
        self.function = function

    def forward(self, *args):
        return self.function(self, *args)


def draw(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def layer_norm(me, x, dims=(-1,), eps=1e-5, correction=0):
    var = x.var(dims, correction=correction, keepdim=True)
    return (x - x.mean(dims, keepdim=True)) / torch.sqrt(var + eps) * me.weight + me.bias


def eps_outside(me, x):
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True).sqrt() + 1e-5) * me.weight + me.bias


def batch_norm(me, x, keep_momentum=0.1, correction=1, training=None):
    dims = (0, 2, 3)
    if me.training if training is None else training:
        mean, var = x.mean(dims), x.var(dims, correction=0)
        if me.training:
            me.running_mean.lerp_(mean.detach(), keep_momentum)
            me.running_var.lerp_(x.detach().var(dims, correction=correction), keep_momentum)
            me.num_batches_tracked += 1
    else:
        mean, var = me.running_mean, me.running_var
        if me.training:
            me.num_batches_tracked += 1
    mean, var, weight, bias = (v[:, None, None] for v in (mean, var, me.weight, me.bias))
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


class Attention(nn.Module):
    """Four projections and a forward by hand, against groundup's attention, causal."""

    def __init__(self, scale=None, axis=-1, mask=None, split=None, merge=None, weigh=None, swap=False):
        super().__init__()
        for name in ("query", "key", "value", "output"):
            setattr(self, name, nn.Linear(24, 24))
        self.options = scale, axis, mask, split, merge, weigh, swap

    def forward(self, x):
        scale, axis, mask, split, merge, weigh, swap = self.options
        split = split or (lambda x: x.unflatten(-1, (4, 6)).transpose(1, 2))
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        k, v = (v, k) if swap else (k, v)
        scores = q @ k.mT * (6**-0.5 if scale is None else scale)
        hidden = ~torch.ones(scores.shape[-2:], dtype=torch.bool).tril() if mask is None else mask(scores)
        if weigh:
            weights = weigh(scores, hidden)
        else:
            weights = scores.masked_fill(hidden, -math.inf).softmax(axis)
        x = weights @ v
        return self.output(merge(x) if merge else x.transpose(1, 2).flatten(2))


class Causal(MultiHeadAttention):
    def forward(self, x):
        return super().forward(x, is_causal=True)


def attention(**options):
    return Attention(**options), Causal(embed_dim=24, num_heads=4), draw(2, 5, 24)


def over(reference, function, *inputs):
    return Mine(reference, function), reference, inputs


def conv(function, **options):
    return over(nn.Conv2d(3, 4, 3, **options), function, draw(2, 3, 7, 7))


def lstm_cell(order=(0, 1, 2, 3), biases=2):
    def forward(me, x, state):
        h, c = state
        gates = F.linear(x, me.weight_ih, me.bias_ih) + F.linear(h, me.weight_hh, me.bias_hh if biases == 2 else None)
        i, f, g, o = (gates.chunk(4, 1)[place] for place in order)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    return over(nn.LSTMCell(3, 4), forward, draw(2, 3), (draw(2, 4), draw(2, 4)))


def gru_cell(update):
    def forward(me, x, h):
        r, z, n = F.linear(x, me.weight_ih, me.bias_ih).chunk(3, 1)
        hr, hz, hn = F.linear(h, me.weight_hh, me.bias_hh).chunk(3, 1)
        z, n = (z + hz).sigmoid(), (n + (r + hr).sigmoid() * hn).tanh()
        return update(z, n, h)

    return over(nn.GRUCell(3, 4), forward, draw(2, 3), draw(2, 4))


def loss(reference, function, *inputs):
    return over(reference, lambda me, *args: function(*args), *inputs)


LOGITS, CLASSES = draw(6, 5), torch.tensor([0, 4, 2, 2, 1, 3])
WITH_IGNORED = torch.tensor([0, -100, 2, 2, -100, 3])


class PreNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.layer = nn.LayerNorm(6), nn.Linear(6, 6)

    def forward(self, x):
        return x + self.layer(self.norm(x))


class PostNorm(PreNorm):
    def forward(self, x):
        return self.norm(x + self.layer(x))


class Forgotten(PreNorm):
    def forward(self, x):
        return self.layer(self.norm(x))


class Tied(nn.Module):
    def __init__(self, tie=True):
        super().__init__()
        self.embedding, self.head = nn.Embedding(7, 6), nn.Linear(6, 7, bias=False)
        if tie:
            self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.embedding(tokens))


class Masked(nn.Module):
    def __init__(self, hand_on=True):
        super().__init__()
        self.attention, self.hand_on = MultiHeadAttention(embed_dim=8, num_heads=2), hand_on

    def forward(self, x, mask):
        return self.attention(x, mask=mask) if self.hand_on else self.attention(x)


PADDING = torch.tensor([[True] * 4, [True] * 2 + [False] * 2])[:, None, None]
UPPER = lambda s: torch.ones(s.shape[-2:], dtype=torch.bool).triu(2)  # noqa: E731

MISTAKES = {
    "a missing 1/sqrt(d)": lambda: attention(scale=1.0),
    "divided by d instead of by sqrt(d)": lambda: attention(scale=1 / 6),
    "scale is that of embed_dim": lambda: attention(scale=24**-0.5),
    "softmax is taken over the queries": lambda: attention(axis=-2, mask=lambda s: ~torch.ones(5, 5, dtype=torch.bool).tril()),
    "the mask is not applied": lambda: attention(mask=lambda s: torch.zeros(5, 5, dtype=torch.bool)),
    "off by one: a query sees one key too far": lambda: attention(mask=UPPER),
    "masked scores are set to 0": lambda: attention(weigh=lambda s, hidden: s.masked_fill(hidden, 0).softmax(-1)),
    "the mask multiplies the weights after the softmax": lambda: attention(weigh=lambda s, hidden: s.softmax(-1) * ~hidden),
    "heads are split without transposing": lambda: attention(split=lambda x: x.reshape(2, 4, 5, 6)),
    "heads are merged without transposing back": lambda: attention(merge=lambda x: x.reshape(2, 5, 24)),
    "key and value are swapped": lambda: attention(swap=True),
    "`attention` is given 1 of the 2 tensors": lambda: (Masked(hand_on=False), Masked(), (draw(2, 4, 8), PADDING)),
    "eps is added outside of the root": lambda: over(nn.LayerNorm(6), eps_outside, 0.1 * draw(4, 6)),
    "another eps: 1e-06": lambda: over(nn.LayerNorm(6), lambda me, x: layer_norm(me, x, eps=1e-6), 0.1 * draw(4, 6)),
    "the variance is the unbiased one": lambda: over(nn.LayerNorm(6), lambda me, x: layer_norm(me, x, correction=1), draw(4, 6)),
    "normalizes over the positions": lambda: over(nn.LayerNorm(6), lambda me, x: layer_norm(me, x, (1,)), draw(2, 5, 6)),
    "the mean is not subtracted": lambda: over(
        nn.LayerNorm(6), lambda me, x: x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * me.weight + me.bias, draw(4, 6)
    ),
    "momentum is the wrong way round": lambda: over(
        nn.BatchNorm2d(3), lambda me, x: batch_norm(me, x, keep_momentum=0.9), draw(4, 3, 2, 2)
    ),
    "the running variance should be the unbiased one": lambda: over(
        nn.BatchNorm2d(3), lambda me, x: batch_norm(me, x, correction=0), draw(4, 3, 2, 2)
    ),
    "the batch's own statistics are used in evaluation": lambda: over(
        nn.BatchNorm2d(3), lambda me, x: batch_norm(me, x, training=True), draw(4, 3, 2, 2)
    ),
    "the kernel is flipped": lambda: conv(lambda me, x: F.conv2d(x, me.weight.flip(2, 3), me.bias)),
    "rows and columns of the kernel are swapped": lambda: conv(lambda me, x: F.conv2d(x, me.weight.mT, me.bias)),
    "the bias is not added": lambda: conv(lambda me, x: F.conv2d(x, me.weight)),
    "another stride: 1 in mine": lambda: conv(lambda me, x: F.conv2d(x, me.weight, me.bias), stride=2),
    "the padding of a max-pool is zeros": lambda: over(
        nn.MaxPool2d(3, 2, 1), lambda me, x: F.max_pool2d(F.pad(x, [1] * 4), 3, 2), -draw(2, 3, 7, 7).abs()
    ),
    "padding is counted on one side only": lambda: over(
        nn.AvgPool2d(3, 2, 1), lambda me, x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), draw(2, 3, 7, 7)
    ),
    "the weight is used transposed": lambda: over(nn.Linear(6, 6), lambda me, x: x @ me.weight + me.bias, draw(4, 6)),
    "another GELU: mine computes the tanh form": lambda: over(
        nn.GELU(), lambda me, x: F.gelu(x, approximate="tanh"), draw(4, 6)
    ),
    "another activation: leaky_relu": lambda: over(nn.ReLU(), lambda me, x: F.leaky_relu(x), draw(4, 6)),
    "the gates lie in another order": lambda: lstm_cell(order=(0, 1, 3, 2)),
    "the second bias, of the hidden state, is not added": lambda: lstm_cell(biases=1),
    "the update gate is the wrong way round": lambda: gru_cell(lambda z, n, h: z * n + (1 - z) * h),
    "what dropout keeps is not divided by 1 - p": lambda: over(
        nn.Dropout(0.3), lambda me, x: F.dropout(x, 0.3, me.training) * (0.7 if me.training else 1), draw(8, 6)
    ),
    "dropout is on in evaluation": lambda: over(nn.Dropout(0.3), lambda me, x: F.dropout(x, 0.3, True), draw(8, 6)),
    "a wrong axis: mine takes the softmax over dimension -2": lambda: over(
        nn.Softmax(-1), lambda me, x: x.softmax(0), draw(4, 6)
    ),
    "the softmax is taken twice: cross-entropy takes logits": lambda: loss(
        nn.CrossEntropyLoss(), lambda x, t: F.cross_entropy(x.softmax(1), t), LOGITS, CLASSES
    ),
    "the mean counts the ignored targets": lambda: loss(
        nn.CrossEntropyLoss(), lambda x, t: F.cross_entropy(x, t, reduction="sum") / len(t), LOGITS, WITH_IGNORED
    ),
    "the smoothing goes to the other classes alone": lambda: loss(
        nn.CrossEntropyLoss(label_smoothing=0.2),
        lambda x, t: -(F.one_hot(t, 5) * 0.75 + 0.05).mul(x.log_softmax(1)).sum(1).mean(),
        LOGITS,
        CLASSES,
    ),
    "the two distributions are swapped": lambda: loss(
        nn.KLDivLoss(reduction="batchmean"),
        lambda a, b: F.kl_div(b.log(), a.exp(), reduction="batchmean"),
        LOGITS.log_softmax(1),
        draw(5, 6).T.softmax(1),
    ),
    "the mean is taken over the classes as well": lambda: loss(
        nn.KLDivLoss(reduction="batchmean"),
        lambda a, b: F.kl_div(a, b, reduction="mean"),
        LOGITS.log_softmax(1),
        draw(5, 6).T.softmax(1),
    ),
    "the sigmoid is taken twice": lambda: loss(
        nn.BCEWithLogitsLoss(), lambda x, t: F.binary_cross_entropy_with_logits(x.sigmoid(), t), LOGITS, draw(6, 5).sigmoid()
    ),
    "the squares are halved": lambda: loss(nn.MSELoss(), lambda a, b: (a - b).square().mean() / 2, LOGITS, draw(5, 6).T),
    "`norm` is given the sum of the input and the output of `layer` in mine": lambda: (PostNorm(), PreNorm(), (draw(4, 6),)),
    "what is returned is the output of `layer` in mine, and the sum of the input": lambda: (
        *(Forgotten(), PreNorm()),
        (draw(4, 6),),
    ),
    "free to drift apart": lambda: (Tied(tie=False), Tied(), (CLASSES[None],)),
    "read one row too far": lambda: over(nn.Embedding(7, 4), lambda me, i: F.embedding((i + 1) % 7, me.weight), CLASSES),
    "no gradient flows on to its input": lambda: over(
        nn.Linear(6, 6), lambda me, x: F.linear(x.detach(), me.weight, me.bias), draw(4, 6)
    ),
    "they are detached": lambda: over(
        nn.LayerNorm(6),
        lambda me, x: (x - x.mean(-1, keepdim=True).detach())
        / (x.var(-1, correction=0, keepdim=True).detach() + 1e-5).sqrt()
        * me.weight
        + me.bias,
        draw(4, 6),
    ),
    "dimension 1 runs backwards": lambda: over(
        nn.Linear(6, 6), lambda me, x: F.linear(x, me.weight, me.bias).flip(1), draw(4, 6)
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", MISTAKES)
def test_the_likely_cause_is_told(cause):
    torch.manual_seed(0)
    mine, reference, inputs = MISTAKES[cause]()
    found = diverge(mine, reference, inputs)
    assert not found.agrees
    assert cause in str(found), str(found)


def test_at_least_thirty_typical_mistakes_are_explained():
    assert len(MISTAKES) >= 30
