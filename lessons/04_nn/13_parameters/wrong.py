"""Answers to `summary` that are wrong in the ways that people are."""


def counted(parameters, seen=None):
    counts = [0, 0]
    for parameter in parameters:
        if seen is None or id(parameter) not in seen:
            if seen is not None:
                seen.add(id(parameter))
            counts[not parameter.requires_grad] += parameter.numel()
    return counts[0], counts[1]


def whole(model, seen, walk=lambda child: child.parameters()):
    own = list(model.parameters(recurse=False))
    found = {"": counted(own, seen)} if own else {}
    return found | {name: counted(walk(child), seen) for name, child in model.named_children()}


def shared_twice(model):
    """A parameter that stands under two names is counted twice: it is one set of numbers. Remember which ones you have counted,
    by id()."""
    return whole(model, None)


def one_level(model):
    """What lies deeper than one level is not counted: child.parameters() walks over everything below."""
    return whole(model, set(), lambda child: child.parameters(recurse=False))


def tensors_counted(model):
    """You count tensors; asked for is how many numbers they hold, parameter.numel()."""
    seen = set()

    def tensors(parameters):
        counts = [0, 0]
        for parameter in parameters:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                counts[not parameter.requires_grad] += 1
        return tuple(counts)

    own = list(model.parameters(recurse=False))
    found = {"": tensors(own)} if own else {}
    return found | {name: tensors(child.parameters()) for name, child in model.named_children()}


def frozen_left_out(model):
    """Frozen parameters are counted nowhere: they are the second number."""
    return {name: (learnt, 0) for name, (learnt, _) in whole(model, set()).items()}


def own_forgotten(model):
    """Parameters that stand in the model itself belong to no child: they go under the name \"\"."""
    return {name: counts for name, counts in whole(model, set()).items() if name}


def empty_left_out(model):
    """Children without parameters are missing: list them with zeros."""
    return {name: counts for name, counts in whole(model, set()).items() if sum(counts) or name == ""}


def buffers_too(model):
    """Buffers are counted as frozen parameters: running means are no parameters. parameters() leaves them out, state_dict()
    does not."""
    found = whole(model, set())
    for name, child in model.named_children():
        learnt, frozen = found[name]
        found[name] = learnt, frozen + sum(buffer.numel() for buffer in child.buffers())
    return found
