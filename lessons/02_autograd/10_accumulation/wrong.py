"""Answers to `accumulate` that are wrong in the ways that people are."""

import torch


def clear(model):
    for parameter in model.parameters():
        parameter.grad = None


def walked(model, parts, loss_sum):
    total, count = 0.0, 0
    for part in parts:
        loss, losses = loss_sum(model, part)
        loss.backward()
        total, count = total + loss.item(), count + losses
    return total, count, [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


def cut(gradients, most):
    length = torch.stack([gradient.norm() for gradient in gradients]).norm().item()
    if most is not None and length > most:
        for gradient in gradients:
            gradient *= most / length
    return length


def stale_gradients(model, parts, loss_sum, most=None):
    """What was in .grad before is counted in: backward adds to it. Clear it before the first part."""
    total, count, gradients = walked(model, parts, loss_sum)
    for gradient in gradients:
        gradient /= count
    return total / count, cut(gradients, most)


def not_divided(model, parts, loss_sum, most=None):
    """The gradient is that of the sum of all losses: divide it by how many losses there are."""
    clear(model)
    total, count, gradients = walked(model, parts, loss_sum)
    return total / count, cut(gradients, most)


def mean_of_means(model, parts, loss_sum, most=None):
    """You take the mean of the parts' means, which gives a loss in a small part more weight than one in a large part. Sum up, and
    divide once by the count of all."""
    clear(model)
    total = 0.0
    for part in parts:
        loss, losses = loss_sum(model, part)
        loss = loss / losses / len(parts)
        loss.backward()
        total += loss.item()
    return total, cut([parameter.grad for parameter in model.parameters() if parameter.grad is not None], most)


def clipped_each(model, parts, loss_sum, most=None):
    """Every parameter is clipped by itself, which turns the direction of the step: the long ones are cut and the short ones are
    not. Measure all together, and scale all by one factor."""
    clear(model)
    total, count, gradients = walked(model, parts, loss_sum)
    for gradient in gradients:
        gradient /= count
    length = cut(gradients, None)
    for gradient in gradients:
        if most is not None and gradient.norm() > most:
            gradient *= most / gradient.norm()
    return total / count, length


def always_scaled(model, parts, loss_sum, most=None):
    """Gradients shorter than the bound are made longer: it is a bound, not a length to bring all to."""
    clear(model)
    total, count, gradients = walked(model, parts, loss_sum)
    for gradient in gradients:
        gradient /= count
    length = cut(gradients, None)
    if most is not None:
        for gradient in gradients:
            gradient *= most / length
    return total / count, length


def sum_of_norms(model, parts, loss_sum, most=None):
    """The lengths of the parameters' gradients are added up. The length of all together is the root of the sum of their
    squares."""
    clear(model)
    total, count, gradients = walked(model, parts, loss_sum)
    for gradient in gradients:
        gradient /= count
    length = sum(gradient.norm().item() for gradient in gradients)
    if most is not None and length > most:
        for gradient in gradients:
            gradient *= most / length
    return total / count, length


def one_backward(model, parts, loss_sum, most=None):
    """The losses of all parts are summed before one backward: all graphs are alive together, which is what parts are to avoid.
    Call backward for each part."""
    clear(model)
    total, count = 0.0, 0
    for part in parts:
        loss, losses = loss_sum(model, part)
        total, count = total + loss, count + losses
    (total / count).backward()
    return total.item() / count, cut([p.grad for p in model.parameters() if p.grad is not None], most)


def clipped_in_parts(model, parts, loss_sum, most=None):
    """You clip while the parts still come in: that bounds each sum on the way, and not what they add up to. Clip once, after
    the last part."""
    clear(model)
    total, count = 0.0, 0
    for part in parts:
        loss, losses = loss_sum(model, part)
        loss.backward()
        total, count = total + loss.item(), count + losses
        cut([p.grad for p in model.parameters() if p.grad is not None], most)
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    for gradient in gradients:
        gradient /= count
    return total / count, cut(gradients, most)
