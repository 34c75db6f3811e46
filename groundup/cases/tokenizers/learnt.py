"""Tokenizers that learn a vocabulary, against the `tokenizers` library: each piece, and each number of each text."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import torch

from groundup.cases.case import Case
from groundup.data.tokenizers.byte_level import ByteLevelTokenizer
from groundup.data.tokenizers.byte_pair import BytePairTokenizer
from groundup.data.tokenizers.library import LibraryTokenizer
from groundup.data.tokenizers.word import WordTokenizer
from groundup.data.tokenizers.word_piece import WordPieceTokenizer
from groundup.parity.compare import Errors

LANGUAGES = [
    "It isn't 3,141.59 -- they'll say \"so\": naïve café, RÉSUMÉ! <unk> [MASK]?",
    "Die Straße führt über die Brücke; İstanbul, ΌΔΟΣ, Ёлка и щука.",
    "我们在学习。東京タワー 안녕하세요 नमस्ते दुनिया שלום עולם مرحبا",
    " \t two  spaces\u00a0and\u3000more \r\n\n e\u0301 ½ ² Ⅷ 🙂👩\u200d🚀 \u200b\ufffd\x00\x1c end ",
]


@cache
def training_texts() -> list[str]:
    """The paragraphs of scikit-learn's descriptions of its data sets, and some sentences in other languages."""
    descriptions = sorted(path.name for path in files("sklearn.datasets.descr").iterdir() if path.name.endswith(".rst"))
    read = [(files("sklearn.datasets.descr") / name).read_text(encoding="utf-8") for name in descriptions]
    return [paragraph for text in read for paragraph in text.split("\n\n")] + LANGUAGES


@cache
def random_texts() -> list[str]:
    """Characters of any script, in any order, of those that meant the same in Unicode 3.2 (2002) as they do now."""
    points = (chr(point) for point in range(0x110000))
    then, now = unicodedata.ucd_3_2_0.category, unicodedata.category
    known = [point for point in points if then(point) == now(point) and now(point) not in ("Cn", "Cs")]
    generator = random.Random(0)
    return ["".join(generator.choices(known, k=40)) for _ in range(100)]


@dataclass(frozen=True, kw_only=True)
class TokenizerCase(Case):
    """A tokenizer of ours and the library's of that kind, both learnt from the same texts.

    The error is the share of texts that they number or write out differently; 1 where they learnt different pieces.
    """

    ours: Callable
    theirs: str
    vocab_size: int = 1000
    kind: str = "tokenizer"
    requires: tuple[str, ...] = ("tokenizers",)

    def measure(self) -> Errors:
        ours = self.ours(training_texts(), vocab_size=self.vocab_size)
        theirs = LibraryTokenizer.fit(training_texts(), kind=self.theirs, vocab_size=self.vocab_size)
        numbers = theirs.tokenizer.get_vocab()
        if sorted(numbers, key=numbers.get) != ours.vocabulary.pieces:
            return Errors(1.0, None)
        texts = training_texts() + random_texts()
        return Errors(sum(differ(ours, theirs, text) for text in texts) / len(texts), None)


def differ(ours, theirs, text: str) -> bool:
    """Whether the numbers differ, or what is made of them."""
    tokens = ours.encode(text)
    if not torch.equal(tokens, theirs.encode(text)):
        return True
    return any(ours.decode(tokens, show_special=shown) != theirs.decode(tokens, show_special=shown) for shown in (True, False))


CASES = [
    TokenizerCase(
        name="WordTokenizer",
        reference="tokenizers.models.WordLevel, BertPreTokenizer",
        ours=WordTokenizer.fit,
        theirs="word",
    ),
    TokenizerCase(
        name="BytePairTokenizer",
        reference="tokenizers.models.BPE, WhitespaceSplit",
        ours=BytePairTokenizer.fit,
        theirs="byte_pair",
    ),
    TokenizerCase(
        name="ByteLevelTokenizer",
        reference="tokenizers.models.BPE, ByteLevel",
        ours=ByteLevelTokenizer.fit,
        theirs="byte_level",
    ),
    TokenizerCase(
        name="WordPieceTokenizer",
        reference="tokenizers.models.WordPiece, BertNormalizer, BertPreTokenizer",
        ours=WordPieceTokenizer.fit,
        theirs="word_piece",
    ),
]
