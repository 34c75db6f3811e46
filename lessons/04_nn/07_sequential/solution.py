"""The answer to `Row`."""

from torch import Tensor
from torch.nn import Module


class Row(Module):
    """Modules that are called one after the other."""

    def __init__(self, *parts: Module, **named: Module):
        super().__init__()
        for name, part in {**{str(number): part for number, part in enumerate(parts)}, **named}.items():
            self.add_module(name, part)  # raises TypeError for what is no Module

    def __len__(self) -> int:
        return len(self._modules)

    def name_of(self, key: int | str) -> str:
        if isinstance(key, str):
            if key not in self._modules:
                raise KeyError(key)
            return key
        return list(self._modules)[key]  # raises IndexError

    def __getitem__(self, key: int | str | slice):
        if isinstance(key, slice):
            found = Row()
            for name in list(self._modules)[key]:
                found.add_module(name, self._modules[name])
            return found
        return self._modules[self.name_of(key)]

    def __setitem__(self, key: int | str, part: Module) -> None:
        self.add_module(self.name_of(key), part)

    def forward(self, x: Tensor) -> Tensor:
        for part in self._modules.values():
            x = part(x)
        return x
