"""A small network learns handwritten digits on groundup's own NumPy engine: no torch, every derivative in sight.

Run: python examples/digits_in_numpy.py
"""

import numpy as np
from sklearn.datasets import load_digits

from groundup.autograd.array import Array

HELD_OUT = 360  # of 1,797 digits


def train(epochs: int = 12, hidden: int = 64, batch_size: int = 32, lr: float = 0.3, seed: int = 0) -> float:
    """Train 64 pixels -> hidden (ReLU) -> 10 digits by gradient descent; the accuracy on digits not trained on."""
    generator = np.random.default_rng(seed)
    pictures, labels = load_digits(return_X_y=True)
    order = generator.permutation(len(labels))
    pictures, labels = pictures[order] / 16, labels[order]
    weights = [
        Array(generator.normal(0, np.sqrt(2 / 64), (64, hidden))),  # Kaiming's start keeps the size of what ReLU passes on
        Array(np.zeros(hidden)),
        Array(generator.normal(0, np.sqrt(2 / hidden), (hidden, 10))),
        Array(np.zeros(10)),
    ]

    def logits(x: np.ndarray) -> Array:
        first, first_bias, second, second_bias = weights
        return (x @ first + first_bias).relu() @ second + second_bias

    for epoch in range(epochs):
        losses = []
        for rows in np.array_split(generator.permutation(np.arange(HELD_OUT, len(labels))), len(labels) // batch_size):
            loss = -logits(pictures[rows]).log_softmax()[np.arange(len(rows)), labels[rows]].mean()
            for weight in weights:
                weight.gradient = None
            loss.backward()
            for weight in weights:
                weight.value -= lr * weight.gradient
            losses.append(float(loss.value))
        accuracy = float((logits(pictures[:HELD_OUT]).value.argmax(1) == labels[:HELD_OUT]).mean())
        print(f"epoch {epoch + 1:2}  loss {np.mean(losses):.4f}  held-out accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    train()
