"""Three small networks of kinds that learners write, to plant mistakes in: a Transformer encoder, a CNN and an LSTM."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn


class Norm(nn.Module):
    def __init__(self, eps=1e-5):
        super().__init__()
        self.weight, self.bias, self.eps = nn.Parameter(torch.ones(16)), nn.Parameter(torch.zeros(16)), eps

    def scaled(self, x):
        return x / (x.var(-1, keepdim=True, correction=0) + self.eps).sqrt()

    def forward(self, x):
        return self.scaled(x - x.mean(-1, keepdim=True)) * self.weight + self.bias


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(16, 16) for _ in range(4))

    def heads(self, x):
        return x.unflatten(-1, (4, -1)).transpose(1, 2)

    def weights(self, q, k, mask):
        return (q @ k.mT / 2).masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)

    def merge(self, x):
        return x.transpose(1, 2).flatten(2)

    def forward(self, x, mask=None):
        mask = torch.ones_like(x[..., 0], dtype=torch.bool) if mask is None else mask
        q, k, v = (self.heads(part(x)) for part in (self.query, self.key, self.value))
        return self.out(self.merge(self.weights(q, k, mask) @ v))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attention, self.norm2 = Norm(), Attention(), Norm()
        self.mlp = nn.Sequential(nn.Linear(16, 24), nn.GELU(), nn.Linear(24, 16))
        self.dropout = nn.Dropout(0.3)

    def forward(self, x, mask):
        x = x + self.dropout(self.attention(self.norm1(x), mask))
        return x + self.dropout(self.mlp(self.norm2(x)))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(11, 16), nn.Embedding(9, 16)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm, self.head = Norm(), nn.Linear(16, 11, bias=False)
        self.head.weight = self.tokens.weight

    def embed(self, tokens):
        return self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))

    def forward(self, tokens, mask):
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))


class BatchNorm(nn.BatchNorm2d):
    def update(self, x):
        self.num_batches_tracked += 1
        for kept, new in ((self.running_mean, x.mean((0, 2, 3))), (self.running_var, x.var((0, 2, 3)))):
            kept.lerp_(new.detach(), self.momentum)

    def forward(self, x):
        if self.training:
            self.update(x)
        statistics = (None, None) if self.training else (self.running_mean, self.running_var)
        return F.batch_norm(x, *statistics, self.weight, self.bias, self.training, 0.0, self.eps)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(6, 6, 3, padding=1, bias=False), BatchNorm(6)
        self.conv2, self.norm2 = nn.Conv2d(6, 6, 3, padding=1, bias=False), BatchNorm(6)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x))))))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), BatchNorm(6), nn.ReLU(inplace=True))
        self.blocks = nn.Sequential(Residual(), Residual())
        self.pool, self.head = nn.MaxPool2d(2), nn.Linear(96, 5)

    def forward(self, x):
        return self.head(self.pool(self.blocks(self.stem(x))).flatten(1))


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.input, self.hidden = nn.Linear(8, 24), nn.Linear(6, 24)

    def forward(self, x, state):
        h, c = state
        i, f, g, o = (self.input(x) + self.hidden(h)).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class Recurrence(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell()

    def hand_on(self, state):
        return state

    def forward(self, x):
        state, outputs = (torch.zeros(len(x), 6), torch.zeros(len(x), 6)), []
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], self.hand_on(state))
            outputs.append(state[0])
        return torch.stack(outputs, 1)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.recurrence, self.head = nn.Embedding(11, 8), Recurrence(), nn.Linear(6, 3)

    def forward(self, tokens):
        return self.head(self.recurrence(self.embedding(tokens))[:, -1])


TOKENS = torch.arange(10).view(2, 5)
MASK = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
PICTURES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
NETWORKS = {"encoder": (Encoder, (TOKENS, MASK)), "convnet": (ConvNet, PICTURES), "classifier": (Classifier, TOKENS)}


@pytest.fixture
def network():
    """Builds a network by name: (module, inputs)."""

    def build(name):
        make, inputs = NETWORKS[name]
        torch.manual_seed(0)
        return make(), inputs

    return build
