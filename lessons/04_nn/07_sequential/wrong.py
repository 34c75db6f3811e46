"""Answers to `Row` that are wrong in the ways that people are."""

from torch.nn import Module


# right in all; what it is made wrong by stands below
class Right(Module):
    def __init__(self, *parts, **named):
        super().__init__()
        for name, part in {**{str(number): part for number, part in enumerate(parts)}, **named}.items():
            self.add_module(name, part)

    def __len__(self):
        return len(self._modules)

    def name_of(self, key):
        if isinstance(key, str):
            if key not in self._modules:
                raise KeyError(key)
            return key
        return list(self._modules)[key]

    def cut(self, names):
        found = type(self)()
        for name in names:
            found.add_module(name, self._modules[name])
        return found

    def __getitem__(self, key):
        return self.cut(list(self._modules)[key]) if isinstance(key, slice) else self._modules[self.name_of(key)]

    def __setitem__(self, key, part):
        self.add_module(self.name_of(key), part)

    def forward(self, x):
        for part in self._modules.values():
            x = part(x)
        return x


class InAList(Right):
    """The parts are kept in a plain list, where Module does not see them: they have no parameters, are not saved, and learn
    nothing. add_module makes them known."""

    def __init__(self, *parts, **named):
        Module.__init__(self)
        self.parts = {**{str(number): part for number, part in enumerate(parts)}, **named}
        if not all(isinstance(part, Module) for part in self.parts.values()):
            raise TypeError

    def __len__(self):
        return len(self.parts)

    def name_of(self, key):
        if isinstance(key, str):
            self.parts[key]
            return key
        return list(self.parts)[key]

    def __getitem__(self, key):
        if isinstance(key, slice):
            found = InAList()
            found.parts = {name: self.parts[name] for name in list(self.parts)[key]}
            return found
        return self.parts[self.name_of(key)]

    def __setitem__(self, key, part):
        self.parts[self.name_of(key)] = part

    def forward(self, x):
        for part in self.parts.values():
            x = part(x)
        return x


class Renamed(Right):
    """A slice numbers its parts anew, from 0: they are to keep their names, so that saved weights still fit."""

    def cut(self, names):
        return type(self)(*(self._modules[name] for name in names))


class ListForSlice(Right):
    """A slice gives a list: it cannot be called, and knows no parameters. Make a Row of it."""

    def cut(self, names):
        return [self._modules[name] for name in names]


class NamesFirst(Right):
    """The named parts stand before the numbered ones: the numbered ones come first, as they were given."""

    def __init__(self, *parts, **named):
        Module.__init__(self)
        for name, part in {**named, **{str(number): part for number, part in enumerate(parts)}}.items():
            self.add_module(name, part)


class AppendsInstead(Right):
    """A part that is replaced goes to the end, under a new name, and the old one stays: put it under the name that is there."""

    def __setitem__(self, key, part):
        self.name_of(key)
        self.add_module(str(len(self)), part)


class FromTheEnd(Right):
    """The parts are called from the last to the first."""

    def forward(self, x):
        for part in reversed(self._modules.values()):
            x = part(x)
        return x


class NameInvented(Right):
    """A name that there is not is taken for a new part: assigning to it is a KeyError."""

    def __setitem__(self, key, part):
        self.add_module(key if isinstance(key, str) else self.name_of(key), part)
