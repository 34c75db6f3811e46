"""The memory that a computation holds is counted to the byte."""

import torch

from groundup.parity.memory import peak_bytes

KILO = 4 * 250  # bytes of 250 numbers


def test_what_is_freed_is_not_counted_and_what_is_kept_is():
    def chain():
        x = torch.ones(250)
        for _ in range(5):
            x = x + 1

    def kept():
        return [torch.ones(250) for _ in range(5)]

    def in_place():
        torch.ones(250).mul_(2).add_(1)

    assert peak_bytes(chain) == 2 * KILO
    assert peak_bytes(kept) == 5 * KILO
    assert peak_bytes(in_place) == KILO


def test_views_and_what_was_there_before_cost_nothing():
    before = torch.ones(250)
    assert peak_bytes(lambda: before.view(25, 10).T[:3]) == 0
    assert peak_bytes(lambda: before.view(25, 10) * 2) == KILO
