"""The `tokenizers` library behind the interface of our own tokenizers: the same numbers, in compiled code. Recipes use it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from groundup.data.tokenizers import byte_level, byte_pair, word_piece
from groundup.data.tokenizers.vocabulary import between_special, whole
from groundup.errors import UserError

KINDS = ("word", "byte_pair", "byte_level", "word_piece")
SPECIAL = {"word": ("<unk>",), "byte_pair": ("<unk>",), "byte_level": (), "word_piece": word_piece.SPECIAL}


class LibraryTokenizer:
    """A `tokenizers.Tokenizer` that is kept with the run as the JSON document of the library's own format."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        kind: str,
        vocab_size: int,
        min_count: int = 1,
        special: Sequence[str] | None = None,
    ) -> Self:
        """A tokenizer of a kind in KINDS, with the numbers of our own tokenizer of that name, whenever and wherever it is fitted.

        The library numbers letters that mark a place in a word in the order of a hash table, anew in each run; here they are
        numbered before it begins.
        Raises: ValueError for another kind.
        """
        if kind not in KINDS:
            raise ValueError(f"LibraryTokenizer: a kind is one of {', '.join(KINDS)}; got {kind!r}")
        special = SPECIAL[kind] if special is None else tuple(special)
        texts = [text for text in between_special(texts, special) if text]
        tokenizer = empty(kind)
        letters = marked_alphabet(tokenizer, texts, kind) if kind in ("byte_pair", "word_piece") else []
        tokenizer.train_from_iterator(texts, trainer(kind, [*special, *letters], vocab_size, min_count), length=len(texts))
        document = json.loads(tokenizer.to_str())  # here all the letters are special, too
        document["added_tokens"] = [added for added in document["added_tokens"] if added["content"] in special]
        return cls.from_fact({"document": document}, {})

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The tokenizer of a `tokenizer.json`, the file that the library and the Hub keep tokenizers in.

        Raises: UserError for a file that cannot be read, or holds something else.
        """
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_str(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error
        except Exception as error:  # the library raises no narrower one
            raise UserError(f"{path} holds no tokenizer in the tokenizers library's JSON format: {error}") from error

    @property
    def vocab_size(self) -> int:
        """How many numbers there are, those of special pieces included."""
        return self.tokenizer.get_vocab_size()

    def unknown(self, text: str) -> list[str]:
        """The parts of a text that became the unknown token, each once, in their order."""
        name = getattr(self.tokenizer.model, "unk_token", None)
        encoding = self.tokenizer.encode(whole(text), add_special_tokens=False)
        found = (whole(text)[start:end] for token, (start, end) in zip(encoding.tokens, encoding.offsets) if token == name)
        return list(dict.fromkeys(part for part in found if part != name))

    def encode(self, text: str) -> Tensor:
        """Shapes: -> (length) of int64."""
        return torch.tensor(self.tokenizer.encode(whole(text), add_special_tokens=False).ids, dtype=torch.int64)

    def decode(self, tokens: Tensor, *, show_special: bool = False) -> str:
        """The text of these numbers.

        Shapes: (length) of integers.
        Raises: ValueError for a number outside the vocabulary.
        """
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < self.vocab_size:
            raise ValueError(f"decode takes numbers from 0 to {self.vocab_size - 1}; got {tokens.min()} to {tokens.max()}")
        return self.tokenizer.decode(tokens.tolist(), skip_special_tokens=not show_special)

    def to_fact(self) -> tuple[dict, dict[str, Tensor]]:
        return {"document": json.loads(self.tokenizer.to_str())}, {}

    @classmethod
    def from_fact(cls, plain: dict, tensors: dict[str, Tensor]) -> Self:
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_str(json.dumps(plain["document"])))


def empty(kind: str):
    """The library's tokenizer of a kind before it is trained."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    if kind == "word":
        tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif kind == "byte_pair":
        tokenizer = Tokenizer(models.BPE(unk_token=byte_pair.UNKNOWN, end_of_word_suffix=byte_pair.END))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        tokenizer.decoder = decoders.BPEDecoder(suffix=byte_pair.END)
    elif kind == "byte_level":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token=word_piece.UNKNOWN, max_input_chars_per_word=word_piece.LONGEST))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(prefix=word_piece.INSIDE, cleanup=False)
    return tokenizer


def trainer(kind: str, special: Sequence[str], vocab_size: int, min_count: int):
    """The library's trainer of a kind."""
    from tokenizers import trainers

    options = dict(vocab_size=vocab_size, min_frequency=min_count, special_tokens=list(special), show_progress=False)
    if kind == "word":
        return trainers.WordLevelTrainer(**options)
    if kind == "byte_pair":
        return trainers.BpeTrainer(**options, end_of_word_suffix=byte_pair.END)
    if kind == "byte_level":
        return trainers.BpeTrainer(**options, initial_alphabet=byte_level.LETTERS)
    return trainers.WordPieceTrainer(**options, continuing_subword_prefix=word_piece.INSIDE)


def marked_alphabet(tokenizer, texts: Sequence[str], kind: str) -> list[str]:
    """The letters of these texts in the order of our own tokenizers; see `byte_pair.alphabet`."""
    words = set(words_of(tokenizer, texts))
    mark = byte_pair.spell if kind == "byte_pair" else word_piece.spell
    return byte_pair.alphabet(map(mark, words), {letter for word in words for letter in word})


def words_of(tokenizer, texts: Iterable[str]) -> Iterator[str]:
    """The words of these texts as the library takes them apart before it trains."""
    for text in texts:
        normalized = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        yield from (word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized))
