"""Ask the trained network: python test.py PICTURE ...  or score it on a folder: python test.py --data FOLDER."""

import argparse
import json
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from dataset import Pictures, read_picture
from model import Network
from train import evaluate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, help="a folder with a folder for each class")
    parser.add_argument("--run", type=Path, default=Path("run"), help="what train.py wrote")
    options = parser.parse_args()
    if not (options.run / "facts.json").is_file():
        raise SystemExit(f"{options.run} holds no trained network: run train.py first, or name another folder by --run")
    facts = json.loads((options.run / "facts.json").read_text(encoding="utf-8"))
    model = Network(len(facts["classes"]))
    model.load_state_dict(torch.load(options.run / "weights.pt", map_location="cpu", weights_only=True))
    model.eval()
    if options.data:
        pictures = Pictures(options.data, size=facts["size"])
        if pictures.classes != facts["classes"]:
            raise SystemExit(f"the network knows {facts['classes']}, and {options.data} has {pictures.classes}")
        print(f"right {evaluate(model, DataLoader(pictures, batch_size=32), torch.device('cpu')):.1%} of {len(pictures)}")
    for path in options.pictures:
        with torch.no_grad():
            shares = model(read_picture(path, facts["size"])[None]).softmax(1)[0]
        best = shares.topk(min(3, len(shares)))
        print(
            path,
            *(f"{facts['classes'][number]} {share:.0%}" for share, number in zip(best.values.tolist(), best.indices.tolist())),
        )


if __name__ == "__main__":
    main()
