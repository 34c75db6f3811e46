"""Answers to `SGD` that are wrong in the ways that people are."""

import torch


# right in all; what it is made wrong by stands below
class Right:
    def __init__(self, parameters, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        self.parameters = list(parameters)
        if not self.parameters or (nesterov and not momentum):
            raise ValueError
        self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov
        self.velocity = {}

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def decayed(self, parameter):
        return parameter.grad + self.weight_decay * parameter

    def moved(self, number, gradient):
        known = self.velocity.get(number)
        self.velocity[number] = gradient if known is None else self.momentum * known + gradient
        return gradient + self.momentum * self.velocity[number] if self.nesterov else self.velocity[number]

    def apply(self, parameter, gradient):
        parameter -= self.lr * gradient

    @torch.no_grad()
    def step(self):
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                gradient = self.decayed(parameter)
                self.apply(parameter, self.moved(number, gradient) if self.momentum else gradient)


class Averaging(Right):
    """The velocity is a running mean: the gradient enters with a share of 1 - momentum. Here it enters whole, so that a lasting
    direction is walked 1 / (1 - momentum) times as fast."""

    def moved(self, number, gradient):
        known = self.velocity.get(number, torch.zeros_like(gradient))
        self.velocity[number] = self.momentum * known + (1 - self.momentum) * gradient
        return gradient + self.momentum * self.velocity[number] if self.nesterov else self.velocity[number]


class OneVelocity(Right):
    """All parameters share one velocity: each needs its own."""

    def moved(self, number, gradient):
        known = self.velocity.get(0)
        fits = known is not None and known.shape == gradient.shape
        self.velocity[0] = self.momentum * known + gradient if fits else gradient
        return gradient + self.momentum * self.velocity[0] if self.nesterov else self.velocity[0]


class DecayAfter(Right):
    """Weight decay is taken off the parameter by itself, and never enters the velocity (that is AdamW's way). In SGD it is
    added to the gradient first."""

    def decayed(self, parameter):
        self.shrink = self.weight_decay * parameter
        return parameter.grad.clone()

    def apply(self, parameter, gradient):
        parameter -= self.lr * (gradient + self.shrink)


class GradientChanged(Right):
    """The gradients themselves are changed, by += or add_: a second step without a backward between then starts from other
    ones. Make new tensors."""

    def decayed(self, parameter):
        return parameter.grad.add_(self.weight_decay * parameter)

    def moved(self, number, gradient):
        return super().moved(number, gradient.clone())


class NoLookAhead(Right):
    """nesterov changes nothing: the step is then g + momentum * velocity, a look to where the velocity is about to lead."""

    def moved(self, number, gradient):
        known = self.velocity.get(number)
        self.velocity[number] = gradient if known is None else self.momentum * known + gradient
        return self.velocity[number]


class Replaced(Right):
    """The parameters are replaced by new tensors, which the model does not know: write into them, in place (parameter -= ...)."""

    @torch.no_grad()
    def step(self):
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                gradient = self.decayed(parameter)
                new = parameter - self.lr * (self.moved(number, gradient) if self.momentum else gradient)
                new.grad = parameter.grad
                self.parameters[number] = new


class IdleDecays(Right):
    """A parameter without a gradient moves: its velocity carries it on, or the decay shrinks it. Where .grad is None nothing is
    done."""

    @torch.no_grad()
    def step(self):
        for number, parameter in enumerate(self.parameters):
            gradient = self.weight_decay * parameter if parameter.grad is None else self.decayed(parameter)
            self.apply(parameter, self.moved(number, gradient) if self.momentum else gradient)


class RateKept(Right):
    """A rate that is changed later has no effect: read self.lr at each step, and do not multiply it into the velocity."""

    def moved(self, number, gradient):
        known = self.velocity.get(number)
        self.velocity[number] = self.lr * gradient if known is None else self.momentum * known + self.lr * gradient
        if self.nesterov:
            return (self.lr * gradient + self.momentum * self.velocity[number]) / self.lr
        return self.velocity[number] / self.lr
