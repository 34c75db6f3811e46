"""
The common layers: norm, dropout, embedding
===========================================

Between convolutions and linear layers stand others that appear in every listing of a network: ``BatchNorm``, ``Dropout``,
``Embedding``. Each is a few lines. What do they do, and why do the first two behave differently in training and in use?
"""

# %%
# Batch norm
# ----------
#
# Behind each layer the numbers drift: one channel is around 50, another around 0.01, and every step of training moves them
# all. Batch norm takes each channel's mean off and divides by its spread, both measured over the batch; then a learnt gain
# and offset may undo it.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from groundup.layers.dropout import Dropout
from groundup.layers.embedding import Embedding
from groundup.layers.linear import Linear
from groundup.layers.normalization import BatchNorm1d

torch.manual_seed(0)
drifted = torch.randn(64, 3) * torch.tensor([0.01, 5.0, 1.0]) + torch.tensor([0.0, 50.0, -2.0])


def batch_norm(x: Tensor, eps: float = 1e-5) -> Tensor:
    """Each feature with mean 0 and spread 1 over the batch."""
    mean, variance = x.mean(0), x.var(0, correction=0)
    return (x - mean) / (variance + eps).sqrt()


layer = BatchNorm1d(num_features=3)
torch.testing.assert_close(layer(drifted), batch_norm(drifted))
print("before: spread", [round(number, 2) for number in drifted.std(0).tolist()])
print("after:  spread", [round(number, 2) for number in layer(drifted).std(0).tolist()])

# %%
# In use there may be one example, and its answer must not depend on who else is asked. So during training the layer keeps
# running averages of mean and variance (two *buffers*: saved with the model, moved by no optimiser), and uses those when it
# is in evaluation mode.

layer = BatchNorm1d(num_features=3, momentum=0.1)
seen = []
for _ in range(60):
    layer(torch.randn(64, 3) * torch.tensor([0.01, 5.0, 1.0]) + torch.tensor([0.0, 50.0, -2.0]))
    seen.append(layer.running_mean.clone())
plt.figure(figsize=(7, 3), layout="constrained")
plt.plot(torch.stack(seen))
plt.title("the running means on their way to 0, 50 and -2: a tenth of the rest at each step")
plt.xlabel("step")
plt.show()

layer.eval()
alone = layer(drifted[:1])
together = layer(drifted)[:1]
assert torch.equal(alone, together)
print("in evaluation mode an example's answer depends on itself alone")

# %%
# Dropout
# -------
#
# In training a random half of the numbers is set to 0, and the others are doubled, so that sums stay as they were on average.
# No unit can rely on one other. In use nothing is dropped.

dropout = Dropout(p=0.5)
ones = torch.ones(2, 8)
print("training:  ", dropout(ones)[0].tolist())
dropout.eval()
print("evaluation:", dropout(ones)[0].tolist())
dropout.train()
many = dropout(torch.ones(100_000))
print(f"the mean of many stays at {many.mean():.3f}, and {(many == 0).float().mean():.1%} are 0")

# %%
# Embedding
# ---------
#
# A table with a vector for each word (or user, or tile). Given numbers of words it looks their vectors up; that is the same
# as multiplying rows of zeros with a single one by the table, without the multiplication. The vectors are learnt.

table = Embedding(num_embeddings=5, embedding_dim=3)
words = torch.tensor([[1, 4, 1]])
one_hot = torch.nn.functional.one_hot(words, 5).float()
torch.testing.assert_close(table(words), one_hot @ table.weight)
table(words).sum().backward()
print("gradient of each row of the table:", table.weight.grad.sum(1).tolist(), "- word 1 stands twice")

# %%
# The trap: the forgotten ``eval()``
# ----------------------------------
#
# A model that is asked in training mode answers: with random units dropped, and with norms of the batch that it happens to be
# asked with. The same picture gets another answer each time, and the running averages are moved by the questions.

model = torch.nn.Sequential(Linear(in_features=3, out_features=16), BatchNorm1d(num_features=16), Dropout(p=0.5),
                            Linear(in_features=16, out_features=1))  # fmt: skip
question = drifted[:4]
print("training mode:  ", [round(model(question)[0].item(), 3) for _ in range(3)])
model.eval()
print("evaluation mode:", [round(model(question)[0].item(), 3) for _ in range(3)])

# %%
# And a batch of one cannot be normed in training: the spread of one number is 0. It is refused, by the layer here and by
# torch's.

try:
    BatchNorm1d(num_features=3)(drifted[:1])
except ValueError as refusal:
    print("refused:", refusal)

# %%
# Three things to try
# -------------------
#
# 1. A convolution with a bias, and a batch norm behind it. What becomes of the bias?
# 2. Train with batches of 2. How much do the statistics of a batch jump, and what do group norm and layer norm do about it?
# 3. Set dropout to 0.9 in a network that reads digits. Is its training loss above its test loss? Why?
#
# Then write batch norm with its memory: ``groundup learn start common_layers``.
