"""From nothing to predictions: train LeNet-5 on handwritten digits, score it, and let it read pictures that it has not seen.

Everything stands in runs/lenet5_digits afterwards. Run it with `make demo`.
"""

import time
from pathlib import Path

from PIL import Image

from groundup.cli.main import main
from groundup.data.images import digits

RUN = Path("runs/lenet5_digits")
PICTURES = 24


def groundup(*arguments: str) -> None:
    """Run a command of groundup's as one would type it."""
    print(f"\n$ groundup {' '.join(arguments)}", flush=True)
    try:
        main(list(arguments))
    except SystemExit as end:
        if end.code:
            raise


def write_pictures(folder: Path) -> None:
    """Save pictures of the held-out part as files, eight times as large, so that a person can look at them."""
    folder.mkdir(parents=True, exist_ok=True)
    held_out = digits(split="test")
    for index in range(PICTURES):
        item = held_out[index]
        picture = Image.fromarray(item["image"][0].numpy())
        picture.resize((64, 64), Image.Resampling.NEAREST).save(folder / f"{index:02d}-is-{item['label']}.png")


start = time.perf_counter()
groundup("train", "lenet5_digits", "--out", str(RUN), "--resume")
seconds = time.perf_counter() - start
groundup("eval", str(RUN))
write_pictures(RUN / "held_out")
groundup("predict", str(RUN), "--input", str(RUN / "held_out"), "--output", str(RUN / "predictions"))

print(f"\nThe run is {RUN} (trained in {seconds:.0f} s). Look at")
for picture in (*sorted((RUN / "pictures").glob("*.png")), RUN / "predictions" / "predictions.png"):
    print(f"  {picture}")
print("Three things to try next (begin with: source .venv/bin/activate)")
print("  groundup predict runs/lenet5_digits --input YOUR_DIGIT.png --output out   (bright ink on black)")
print("  groundup verify conv2d                      proves four ways of computing a convolution equal, and times them")
print("  groundup train gpt_prose                    a GPT that learns English from the docs of the installed libraries")
