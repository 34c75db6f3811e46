"""Contrastive losses: what belongs together is drawn near, and all else is kept apart."""

import torch
from torch import Tensor
from torch.nn import Module

from groundup.losses.similarity import check_embeddings, check_queue, check_temperature, own_similarity, similarities
from groundup.ops.cross_entropy import cross_entropy
from groundup.ops.distance import normalize
from groundup.ops.margin_loss import triplet_margin_loss


class TripletMarginLoss(Module):
    """An anchor should be nearer to its positive than to its negative, by a margin; the op `triplet_margin_loss` says more.

    Shapes: anchor, positive and negative alike, (batch, features) -> ().
    Equals: torch.nn.TripletMarginLoss.
    """

    def __init__(self, *, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"):
        super().__init__()
        self.margin, self.p, self.eps, self.swap, self.reduction = margin, p, eps, swap, reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return triplet_margin_loss(anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction)


class TripletLoss(Module):
    """The triplet loss of FaceNet: squared distances between embeddings of length 1.

    loss = mean over the batch of max(|a - p|^2 - |a - n|^2 + margin, 0), with a, p and n brought to length 1

    Shapes: anchor, positive and negative (batch, features) -> ().
    Raises: ValueError for shapes that differ and a margin that is not positive.
    Paper: https://arxiv.org/abs/1503.03832 (section 3.1, equation 3, as a mean; margin is alpha).
    """

    def __init__(self, *, margin: float = 0.2):
        super().__init__()
        if not margin > 0:
            raise ValueError(f"TripletLoss: margin must be positive; it was given {margin}")
        self.margin = margin

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        check_embeddings("TripletLoss", anchor=anchor, positive=positive, negative=negative)
        anchor, positive, negative = normalize(anchor), normalize(positive), normalize(negative)
        near, far = (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)
        return (near - far + self.margin).clamp(min=0).mean()


class InfoNCELoss(Module):
    """Find the key that belongs to a query, among the keys of others: a classification with as many classes as keys.

    loss = mean over queries of - log(exp(q . k / temperature) / sum over keys i of exp(q . k_i / temperature))

    q and k are brought to length 1. The sum is over k itself and the `queue`, whose rows are used as they are and take no
    gradient; without a queue, over all keys of the batch.

    Shapes: query and key (batch, features), queue (length, features) -> ().
    Raises: ValueError for shapes that do not match, a temperature that is not positive and, without a queue, a batch of one.
    Paper: MoCo, https://arxiv.org/abs/1911.05722 (section 3.1, equation 1; temperature is tau); without a queue, N pairs as
    in https://arxiv.org/abs/1807.03748.
    """

    def __init__(self, *, temperature: float = 0.07):
        super().__init__()
        check_temperature("InfoNCELoss", temperature=temperature)
        self.temperature = temperature

    def forward(self, query: Tensor, key: Tensor, queue: Tensor | None = None) -> Tensor:
        check_embeddings("InfoNCELoss", 2 if queue is None else 1, query=query, key=key)
        if queue is None:
            logits = similarities(query, key)
            place = torch.arange(len(query), device=query.device)
        else:
            check_queue("InfoNCELoss", queue, query.shape[1])
            logits = torch.cat((own_similarity(query, key), normalize(query) @ queue.detach().T), 1)
            place = torch.zeros(len(query), dtype=torch.long, device=query.device)
        return cross_entropy(logits / self.temperature, place)


class NTXentLoss(Module):
    """Of two views of every picture, find the other view of each among all views but itself.

    loss = mean over rows i of - log(exp(s_ij / temperature) / sum over k other than i of exp(s_ik / temperature))

    The rows are the 2 * batch views, the first ones and then the second; j is the row of the other view of i's picture, and
    s_ij the cosine of the two rows.

    Shapes: first and second (batch, features) -> ().
    Raises: ValueError for shapes that differ, a batch of one, which has no negatives, and a temperature that is not positive.
    Paper: SimCLR, https://arxiv.org/abs/2002.05709 (section 2.1, equation 1 and algorithm 1; temperature is tau).
    """

    def __init__(self, *, temperature: float = 0.5):
        super().__init__()
        check_temperature("NTXentLoss", temperature=temperature)
        self.temperature = temperature

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        check_embeddings("NTXentLoss", 2, first=first, second=second)
        views = normalize(torch.cat((first, second)))  # (2 * batch, features)
        itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
        logits = (views @ views.T / self.temperature).masked_fill(itself, -torch.inf)
        other = torch.arange(len(views), device=views.device).roll(len(first))
        return cross_entropy(logits, other)


def clip_loss(image_embeds: Tensor, text_embeds: Tensor, logit_scale: Tensor | float) -> Tensor:
    """For every image find its text among those of the batch, and for every text its image: the mean of both losses.

    logits = exp(logit_scale) * image . text, with embeddings of length 1

    CLIP learns `logit_scale`, the logarithm of one over a temperature, and begins it at log(1 / 0.07).

    Shapes: two (batch, features) and () -> ().
    Raises: ValueError for shapes that differ and for a batch of one, which has no negatives.
    Paper: CLIP, https://arxiv.org/abs/2103.00020 (section 2.3, figure 3; logit_scale is t).
    Equals: the loss of transformers' CLIPModel.
    """
    check_embeddings("clip_loss", 2, image_embeds=image_embeds, text_embeds=text_embeds)
    scale = torch.as_tensor(logit_scale, dtype=image_embeds.dtype, device=image_embeds.device).exp()
    logits = similarities(image_embeds, text_embeds) * scale
    place = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, place) + cross_entropy(logits.T, place)) / 2
