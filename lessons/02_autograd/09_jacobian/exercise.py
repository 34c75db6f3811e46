"""Jacobian and Hessian: the table of all slopes, for tensors of any shape.

Write `jacobian` with torch.autograd.grad alone: one walk back for each number of the output. The input and the output may have
any shape, and the table has both: jacobian[i..., j...] is how fast output[i...] rises with input[j...]. It must itself be
differentiable when `create_graph` is asked for, so that the Hessian is the jacobian of the jacobian.

Do not use torch.autograd.functional or torch.func.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def jacobian(function: Callable[[Tensor], Tensor], input: Tensor, create_graph: bool = False) -> Tensor:
    """All slopes of a function of one tensor; zeros where an output does not depend on the input.

    Shapes: input any, function(input) any -> (*output.shape, *input.shape).
    """
    raise NotImplementedError
