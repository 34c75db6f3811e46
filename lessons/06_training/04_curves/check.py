"""What an answer to `Meter` must do."""

import random

from groundup.learn.exercise import Exercise

EXERCISE = Exercise(
    title="Seeing a run: a bar, a curve, a dashboard",
    name="Meter",
    hints=(
        "Keep the last tellings: collections.deque(maxlen=window) forgets the oldest by itself. The rate is steps between the"
        " first and the last of them, divided by the time between.",
        "Not known (NaN): fewer than two tellings, or no time between them. left() is 0.0 once step has reached total, "
        "whatever the rate. Whole percent rounded down: 100 * step // total.",
        "seconds = math.ceil(left); hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60; with hours "
        'f"{hours}:{minutes:02d}:{rest:02d}", else f"{minutes}:{rest:02d}". The rate is shown as f"{rate:.1f} steps/s", and '
        "all parts have two spaces between them.",
    ),
)


def told(Meter, total, tellings, window=10):
    meter = Meter(total, window)
    found = []
    for step, seconds in tellings:
        meter.at(step, seconds)
        found.append({"rate": meter.rate(), "left": meter.left(), "text": meter.text()})
    return found


@EXERCISE.claim("two steps a second")
def steady(Meter):
    return told(Meter, 400, [(0, 0.0), (20, 10.0), (120, 60.0), (400, 200.0)])


@EXERCISE.claim("a clock that began elsewhere, and a run that was taken up at step 100")
def elsewhere(Meter):
    return told(Meter, 200, [(100, 5000.0), (110, 5004.0), (150, 5020.0)])


@EXERCISE.claim("a run that slows down: the last three tellings count")
def window(Meter):
    return told(Meter, 100, [(10, 1.0), (20, 2.0), (30, 3.0), (35, 8.0), (40, 13.0)], 3)


@EXERCISE.claim("percent are rounded down, seconds up")
def rounding(Meter):
    return told(Meter, 1000, [(0, 0.0), (1, 0.3), (699, 211.1), (999, 299.7), (1000, 300.0)])


@EXERCISE.claim("hours")
def hours(Meter):
    return told(Meter, 100_000, [(0, 0.0), (10, 1.0), (20, 60.0), (30, 3000.0)], 2)


@EXERCISE.claim("before anything is known, where no time has passed, and where nothing moves")
def unknown(Meter):
    meter = Meter(50)
    nothing = {"rate": meter.rate(), "left": meter.left(), "text": meter.text()}
    tellings = [(0, 3.0), (5, 3.0), (5, 4.0)], [(50, 3.0)], [(5, 3.0), (5, 9.0)]
    return nothing, [told(Meter, 50, told_so_far) for told_so_far in tellings]


@EXERCISE.drawn
def drawn(Meter, seed: int):
    draw = random.Random(seed)
    step, seconds, tellings = 0, draw.uniform(0, 50), []
    for _ in range(draw.randrange(1, 9)):
        step, seconds = min(500, step + draw.randrange(0, 120)), seconds + draw.choice([0.0, draw.uniform(0, 400)])
        tellings.append((step, seconds))
    return told(Meter, 500, tellings, draw.randrange(2, 6))
