"""`groundup eval RUN`."""

import json as json_format

from groundup.cli.options import BatchSize, Checkpoint, Code, Data, Device, Json, RunFolder, TaskSet, load_code


def evaluate(
    run: RunFolder,
    checkpoint: Checkpoint = "last",
    data: Data = None,
    batch_size: BatchSize = None,
    device: Device = "auto",
    code: Code = None,
    set: TaskSet = None,
    json: Json = False,
) -> None:
    """Score a run's model on the evaluation data of its recipe, or on your own."""
    from groundup.engine.run import Run

    restored = Run.open(run).restore(checkpoint, device=device, code=load_code(code), changes=set or (), data=data)
    found = restored.evaluate(batch_size)
    if json:
        print(json_format.dumps({"run": str(run), "checkpoint": restored.step, "metrics": found.values}))
        return
    print(f"{run}, step {restored.step}")
    for name, value in found.values.items():
        print(f"  {name:<20} {value:.4f}")
