"""How text falls into words before a tokenizer takes them apart: as BERT does it, and as GPT-2 does it.

What a letter or a punctuation mark is, is asked of `unicodedata`: the version of Unicode is that of the running Python.
"""

import re
import string
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# What Unicode calls White_Space. Python's str.split and str.isspace take four control characters more (U+001C to U+001F).
SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
SPACE = re.compile(f"[{SPACES}]+")

# The ideographs of Chinese, which is written without spaces; Korean and the kana of Japanese are not among them. The library
# begins a range at U+2B920 where BERT has U+2B820, and leaves out 256 rare ones; so that both agree, they are left out here.
CHINESE = re.compile(
    "([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b81f\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f])"
)

CONTRACTION = re.compile("'(?:s|t|re|ve|m|ll|d)")
PIECE = re.compile(r" ?l+| ?n+| ?o+|\s+(?!\S)|\s+")  # of kinds: see gpt2_pieces


def words(text: str) -> list[str]:
    """What stands between white space."""
    return [word for word in SPACE.split(text) if word]


def words_and_marks(text: str) -> list[str]:
    """What stands between white space, with every punctuation mark a word of its own: "don't" is three.

    Equals: tokenizers' BertPreTokenizer.
    """
    found: list[str] = []
    for word in words(text):
        begins = True  # whether the next character begins a word
        for character in word:
            mark = is_mark(character)
            if mark or begins:
                found.append(character)
            else:
                found[-1] += character
            begins = mark
    return found


@lru_cache(maxsize=65536)
def is_mark(character: str) -> bool:
    """Whether it is punctuation, or a sign of ASCII such as $ and +, which Unicode calls a symbol."""
    return character in string.punctuation or unicodedata.category(character)[0] == "P"


def bert_normalized(text: str, *, lower: bool = True) -> str:
    """Text as BERT sees it: without control characters, ideographs set apart, and in lower case without accents.

    With `lower` false case and accents stay.
    Equals: tokenizers' BertNormalizer.
    """
    text = "".join(seen for character in text if (seen := cleaned(character)))
    text = CHINESE.sub(r" \1 ", text)
    if not lower:
        return text
    letters = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")  # a letter, then its accents
    return "".join(c.lower() for c in letters)  # one by one: str.lower looks around for where a Greek word ends


@lru_cache(maxsize=65536)
def cleaned(character: str) -> str:
    """A space for white space, nothing for a control character, else the character."""
    if character in "\t\n\r":
        return " "
    if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
        return ""
    return " " if character in SPACES else character


def gpt2_pieces(text: str) -> Iterator[str]:
    """Runs of letters, of numerals, of other signs, each with the space before it; "'s" and its like; runs of white space.

    Of a run of white space before a word the last stays out: if it is a space, it belongs to the word. Nothing is lost: the
    pieces joined are the text.
    Equals: the pattern of GPT-2 (Radford et al. 2019, https://github.com/openai/gpt-2), in tokenizers' ByteLevel. That is
    written with Unicode classes, which `re` lacks: so the pattern is matched on a string of the characters' kinds.
    """
    kinds = "".join(map(kind, text))
    position = 0
    while position < len(text):
        found = CONTRACTION.match(text, position) or PIECE.match(kinds, position)
        yield text[position : found.end()]
        position = found.end()


@lru_cache(maxsize=65536)
def kind(character: str) -> str:
    """l for a letter, n for a numeral, o for another sign; a space stays one, and other white space is a line end."""
    if character in SPACES:
        return " " if character == " " else "\n"
    return {"L": "l", "N": "n"}.get(unicodedata.category(character)[0], "o")
