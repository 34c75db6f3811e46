"""CLIP's tokenizer against open_clip's, on the same merges."""

import random
import unicodedata
from dataclasses import dataclass
from functools import cache

from groundup.cases.case import Case
from groundup.cases.tokenizers.learnt import LANGUAGES, training_texts
from groundup.data.tokenizers.clip import ClipTokenizer
from groundup.parity.compare import Errors

ODD = [
    *("", "   ", "it's THEY'LL it'ſ we'Re", "a&amp;amp;b &lt;x&gt; &NTILDE; &#xD800; &#0;", "1234 x2 ½²Ⅷ"),
    *("!<start_of_text>x <END_OF_TEXT> <ſtart_of_text>", "a\x1cb\x1f c\x85d\u2028e\u00a0f", "\ud800x\udc00"),
    *("schÃ¶n “q” ﬁ ＡＢ", "\ufeffa\u0345b\u200d", "\x1b[31mred"),
]


@cache
def mixed_texts() -> list[str]:
    """Signs of all Unicode, and those that the rules are about, in any order."""
    generator = random.Random(0)
    every = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) != "Cs"]
    ruled = "'sStTrReElLvVmMdDſ <>&;#x123_ab\u0345\x1c\x00éÉ"
    return ["".join(generator.choices(signs, k=30)) for signs in (every, every[:0x3000], ruled) for _ in range(300)]


@dataclass(frozen=True, kw_only=True)
class ClipTokenizerCase(Case):
    """The error is the share of texts that are numbered, or written out again, differently."""

    kind: str = "tokenizer"
    bound: float = 0.0
    requires: tuple[str, ...] = ("open_clip",)

    def measure(self) -> Errors:
        from open_clip.tokenizer import SimpleTokenizer

        ours, theirs = ClipTokenizer.read(), SimpleTokenizer()
        if [theirs.decoder[number] for number in range(theirs.vocab_size)] != ours.vocabulary.pieces:
            return Errors(1.0, None)
        texts = [*LANGUAGES, *ODD, *training_texts()[:200], *mixed_texts()]
        return Errors(sum(differ(ours, theirs, text) for text in texts) / len(texts), None)


def differ(ours: ClipTokenizer, theirs, text: str) -> bool:
    """Whether the numbers differ, or what is made of them."""
    tokens = ours.encode(text)
    expected = theirs.encode(text)
    return tokens.tolist() != expected or ours.decode(tokens, show_special=True) != theirs.decode(expected).strip()


CASES = [ClipTokenizerCase(name="ClipTokenizer", reference="open_clip.tokenizer.SimpleTokenizer")]
