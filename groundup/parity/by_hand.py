"""What "by hand" forbids: the kernels in which a library does a layer's or a loss's whole work."""

import re

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

# Arithmetic stays allowed, exp, tanh, sigmoid and erf with it. The words are looked for inside names, so that they also
# find the backward, in-place, private and cudnn kin (`_softmax_backward_data`, `relu_`, `mkldnn_convolution`).
DENIED = re.compile(
    """
    conv(olution|[123]d|_t) | im2col | col2im | pool | upsample | grid_sample | bilinear
    | (batch|layer|group|instance|rms)_norm
    | elu | silu | mish | glu | threshold | hard(tanh|swish|sigmoid|shrink) | softplus | log_?sigmoid | softmax
    | dropout | lstm | gru | rnn | attention | embedding
    | cross_entropy | _loss | kl_div
    | _fused_
    """,
    re.VERBOSE,
)


def denied(name: str) -> bool:
    """Whether a function of torch of this name (`relu_`, `native_layer_norm`, `conv2d`) does a layer's work."""
    return DENIED.search(name) is not None


class Calls(TorchFunctionMode):
    """Refuses the calls that torch takes apart before a kernel runs, as it does with `torch.lstm` in float64."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if denied(func.__name__):
            raise RuntimeError(f"made by hand, this would not call torch's {func.__name__}")
        return func(*args, **(kwargs or {}))


class HandMade(TorchDispatchMode):
    """Within the block, on this thread, a library kernel for a layer's work is refused, forward and backward.

    Raises: RuntimeError that names the kernel.
    """

    def __enter__(self):
        self.calls = Calls()
        self.calls.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.calls.__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.name().removeprefix("aten::").split(".")[0]
        if denied(name):
            raise RuntimeError(f"made by hand, this would not call the kernel {func.name()}")
        return func(*args, **(kwargs or {}))
