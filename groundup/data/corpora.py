"""Running text, word by word or character by character: the Penn Treebank, WikiText-2, two books, and files of your own."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch.utils.data import Dataset

from groundup.data.lines import checked_split, decoded, existing, read_bytes, read_lines, with_gz
from groundup.data.parallel import SPLIT_FILES
from groundup.data.places import folder_of
from groundup.data.text import IGNORE, SPLITS, TextWindows, split_text
from groundup.data.tokenizers.splitting import words
from groundup.data.tokenizers.word import WordTokenizer
from groundup.errors import UserError

END = "<eos>"  # stands for the end of a line, and is predicted as a word is
UNKNOWN = "<unk>"
OFFICIAL = {"train": "train", "validation": "valid", "test": "test"}


class WordWindows(Dataset):
    """Windows of `length` + 1 words that begin every `length` words: the model predicts all but the first.

    So each window begins with the last word of the one before, and every word but the first is predicted once. With `keep_short`
    the window at the end is kept, however short; else what fills no window is left out.
    Raises: UserError for a text that gives no window.
    """

    def __init__(self, text: Sequence[str], *, length: int, keep_short: bool = False, source: object = "the text"):
        self.words, self.length = list(text), length
        questions = len(self.words) - 1
        if length < 1:
            raise UserError(f"a window has a length of 1 or more; got length={length}")
        self.count = max(0, -(-questions // length) if keep_short else questions // length)
        if self.count < 1:
            told = f"{source}: {len(self.words)} words of text give no window of {length} + 1"
            raise UserError(f"{told}: give more, or a smaller length")

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, object]:
        start = range(0, self.count * self.length, self.length)[index]
        return {"text": " ".join(self.words[start : start + self.length + 1]), "start": start}


def penn_treebank(*, split: str, length: int, root: str | Path | None = None) -> Dataset:
    """The Penn Treebank's articles of the Wall Street Journal as Mikolov prepared them: 10,000 different words, the rest `<unk>`.

    `split` is "train" (929,589 words), "validation" (73,760) or "test" (82,430), an <eos> for each line among them.
    Items: text, `length` + 1 words, and start, where they stand; see WordWindows. Other splits than train end in a short one.
    Raises: UserError for files that are not there, or are not UTF-8.
    From http://www.fit.vutbr.cz/~imikolov/rnnlm (Mikolov et al. 2010); the licence of the text is not stated.
    """
    checked_split("penn_treebank", split, SPLITS)
    name = f"ptb.{OFFICIAL[split]}.txt"
    return words_of("lm_text", split, length, root, [name, f"ptb/{name}"])


def wikitext2(*, split: str, length: int, root: str | Path | None = None) -> Dataset:
    """WikiText-2, good articles of the English Wikipedia, 33,278 different words, the rest `<unk>`.

    `split` is "train", "validation" (217,646 words) or "test" (245,569), an <eos> for each line among them. Empty lines are
    lines, too.
    Items: text, `length` + 1 words, and start; see WordWindows. Splits that are not trained on end in a short one.
    Raises: UserError for files that are not there, or are not UTF-8.
    From https://huggingface.co/datasets/Salesforce/wikitext (Merity et al. 2016), CC BY-SA 3.0.
    """
    checked_split("wikitext2", split, SPLITS)
    names = [f"wiki.{OFFICIAL[split]}.tokens", f"{OFFICIAL[split]}.txt"]
    return words_of("lm_text", split, length, root, [*names, *(f"wikitext-2/{name}" for name in names)])


def word_lines(*, split: str, length: int, root: str | Path) -> Dataset:
    """Text of your own that is taken apart already, with spaces between the words, in lines.

    The folder `root` holds `train.txt`, `validation.txt` (or val, valid, dev) and `test.txt`, plain or .gz. Text that is not
    taken apart is read by `prose`, as characters.
    Items: text, `length` + 1 words with <eos> for each end of a line, and start; see WordWindows. Splits that are not trained on
    end in a short one.
    Raises: UserError for files that are not there, are empty, or are not UTF-8.
    """
    checked_split("word_lines", split, SPLITS)
    return words_of("word_lines", split, length, root, [f"{stem}.txt" for stem in SPLIT_FILES[split]])


def tiny_shakespeare(*, split: str, length: int, stride: int | None = None, root: str | Path | None = None) -> Dataset:
    """Forty thousand lines of Shakespeare, 1,115,394 characters, 65 different ones.

    `split` is "train", "validation" or "test", 90, 5 and 5 percent.
    Items: text, `length` + 1 characters, and start; see TextWindows. Splits that are not trained on end in a short one.
    Raises: UserError for a file that is not there, or is not UTF-8.
    From https://github.com/karpathy/char-rnn; the text is in the public domain.
    """
    checked_split("tiny_shakespeare", split, SPLITS)
    return book(["tinyshakespeare/input.txt", "input.txt"], split, length, stride, root)


def time_machine(*, split: str, length: int, stride: int | None = None, root: str | Path | None = None) -> Dataset:
    """The Time Machine by H. G. Wells, 178,979 characters.

    `split` is "train", "validation" or "test", 90, 5 and 5 percent.
    Items: text, `length` + 1 characters, and start; see TextWindows. Splits that are not trained on end in a short one.
    Raises: UserError for a file that is not there, or is not UTF-8.
    From https://www.gutenberg.org/ebooks/35, as Dive into Deep Learning has it; the text is in the public domain.
    """
    checked_split("time_machine", split, SPLITS)
    return book(["timemachine.txt"], split, length, stride, root)


def words_of(name: str, split: str, length: int, root: str | Path | None, names: Sequence[str]) -> WordWindows:
    """The words of the first of these files that is there, with END for each line."""
    folder = folder_of(name, root, [with_gz(names)])
    path = existing(folder, names)
    found = [word for line in read_lines(path) for word in (*words(line), END)]
    return WordWindows(found, length=length, keep_short=split != "train", source=path)


def book(names: Sequence[str], split: str, length: int, stride: int | None, root: str | Path | None) -> TextWindows:
    """One text, cut by position."""
    path = existing(folder_of("lm_text", root, [with_gz(names)]), names)
    text = decoded(read_bytes(path), path).replace("\r\n", "\n")
    part = split_text({path.name: [text]}, split)
    return TextWindows(part, length=length, stride=stride, keep_short=split != "train", source=path)


def word_facts(dataset: WordWindows, *, vocab_size: int | None = None, min_count: int = 1) -> dict[str, object]:
    """What the training text fixes: `tokenizer` of its words, `vocab_size`, `max_seq_len`, and which text it was, as `corpus`."""
    texts = [" ".join(dataset.words)]
    fit = partial(WordTokenizer.fit, special=(UNKNOWN, END), split="spaces")
    tokenizer = fit(texts, vocab_size=vocab_size, min_count=min_count)
    corpus = {"words": len(dataset.words), "sha256": hashlib.sha256(texts[0].encode()).hexdigest()}
    return {"tokenizer": tokenizer, "vocab_size": tokenizer.vocab_size, "max_seq_len": dataset.length, "corpus": corpus}


def word_batch(items: Sequence[Mapping[str, object]], *, tokenizer: WordTokenizer) -> dict[str, object]:
    """Windows of words as one batch: `tokens`, and the items' other values as lists. Short windows end in IGNORE.

    Shapes: tokens (batch, longest) of int64.
    """
    rows = [tokenizer.encode(item["text"]) for item in items]
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=IGNORE)
    return {"tokens": tokens, **{name: [item[name] for item in items] for name in items[0] if name != "text"}}
