"""Word, byte-pair and WordPiece tokenizers: learnt and applied as the library does it, there and back, kept with the run."""

import json
import pickle
import unicodedata
from functools import cache, partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.data.tokenizers.byte_level import LETTERS, ByteLevelTokenizer
from groundup.data.tokenizers.byte_pair import BytePairTokenizer, apply_merges, learn_merges, merge
from groundup.data.tokenizers.library import KINDS, LibraryTokenizer, empty, trainer
from groundup.data.tokenizers.vocabulary import Vocabulary, whole
from groundup.data.tokenizers.word import WordTokenizer
from groundup.data.tokenizers.word_piece import SPECIAL, WordPieceTokenizer
from groundup.engine.facts import Fact, load_facts, save_facts
from groundup.errors import UserError

pytest.importorskip("tokenizers")

FITS = {
    "word": WordTokenizer.fit,
    "byte_pair": BytePairTokenizer.fit,
    "byte_level": ByteLevelTokenizer.fit,
    "word_piece": WordPieceTokenizer.fit,
}
CORPUS = [
    "The lowest of the low were lower than the newest and the widest; the widow knew.",
    "It isn't what they've said: \"naïve\" cafés, 3,141.59 -- ÜBER alles! Σίσυφος",
    "我们在学习 深度学习。 東京タワー 안녕하세요 नमस्ते 🙂🙂 👩\u200d🚀",
    "low low low lower lower newest newest newest newest newest newest widest widest widest",
] * 2


def known_characters():
    """Those that meant the same in Unicode 3.2 as now, so to every version; test_splitting.py has the others."""
    then, now = unicodedata.ucd_3_2_0.category, unicodedata.category
    return st.sampled_from([c for c in map(chr, range(0x110000)) if then(c) == now(c) and now(c) not in ("Cn", "Cs")])


TEXTS = st.lists(
    st.one_of(
        st.text(known_characters(), max_size=8), st.sampled_from([*CORPUS, "<unk>", "[MASK]", "[CLS]", "##", "</w>", " the "])
    )
).map("".join)
FEW = st.lists(st.text(st.sampled_from("aab.c ß"), max_size=12), max_size=12)  # texts in which pairs repeat and tie


@cache
def both(kind):
    """Ours and the library's, learnt from the same texts."""
    return FITS[kind](CORPUS, vocab_size=400), LibraryTokenizer.fit(CORPUS, kind=kind, vocab_size=400)


def pieces_of(tokenizer):
    numbers = tokenizer.get_vocab()
    return sorted(numbers, key=numbers.get)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_texts_become_the_numbers_and_come_back_as_the_text_that_the_library_gives(kind, data):
    ours, theirs = both(kind)
    text = data.draw(TEXTS)
    tokens = ours.encode(text)
    assert tokens.dtype == torch.int64
    assert tokens.tolist() == theirs.encode(text).tolist()
    for shown in (False, True):
        assert ours.decode(tokens, show_special=shown) == theirs.decode(tokens, show_special=shown)
    some = torch.tensor(data.draw(st.lists(st.integers(0, ours.vocab_size - 1))), dtype=torch.int64)
    assert ours.decode(some) == theirs.decode(some)  # also of numbers that no text gives


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(texts=FEW, vocab_size=st.integers(6, 60), min_count=st.integers(1, 3))
def test_what_recipes_fit_has_the_numbers_of_our_own(kind, texts, vocab_size, min_count):
    theirs = LibraryTokenizer.fit(texts, kind=kind, vocab_size=vocab_size, min_count=min_count)
    ours = FITS[kind](texts, vocab_size=vocab_size, min_count=min_count)
    assert pieces_of(theirs.tokenizer) == ours.vocabulary.pieces


@pytest.mark.parametrize("kind", ["byte_pair", "byte_level", "word_piece"])
@settings(deadline=None)
@given(texts=FEW, size=st.integers(0, 40), min_count=st.integers(1, 3))
def test_the_trainer_alone_learns_the_same_pieces_and_merges_in_the_same_order(kind, texts, size, min_count):
    """Only its order of letters inside words, that of a hash table, is taken over from it."""
    special = {"byte_pair": ("<unk>",), "byte_level": (), "word_piece": SPECIAL}[kind]
    size += {"byte_level": 256}.get(kind, 0)
    theirs = empty(kind)
    theirs.train_from_iterator(texts, trainer(kind, special, size, min_count))
    found = pieces_of(theirs)
    options = {}
    if kind != "byte_level":
        is_letter = {
            "byte_pair": lambda p: len(p) == 5 and p[1:] == "</w>",
            "word_piece": lambda p: len(p) == 3 and p[:2] == "##",
        }[kind]
        options = dict(marked=[piece for piece in found if is_letter(piece)])
    ours = FITS[kind](texts, vocab_size=size, min_count=min_count, special=special, **options)
    assert ours.vocabulary.pieces == found
    if kind != "word_piece":
        merges = json.loads(theirs.to_str())["model"]["merges"]
        assert [list(pair) for pair in getattr(ours, "merging", ours).merges] == [list(pair) for pair in merges]


def test_words_between_spaces_are_numbered_as_the_librarys_word_level_model_numbers_them():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    theirs = Tokenizer(models.WordLevel(unk_token="<unk>"))
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    theirs.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=20, special_tokens=["<unk>"], show_progress=False))
    ours = WordTokenizer.fit(CORPUS, vocab_size=20, split="spaces")
    assert ours.vocabulary.pieces == pieces_of(theirs)
    assert [ours.encode(text).tolist() for text in CORPUS] == [theirs.encode(text).ids for text in CORPUS]


def test_pairs_are_merged_by_how_often_they_stand_and_ties_by_their_numbers():
    spelled = {("l", "o", "w"): 5, ("l", "o", "w", "e", "r"): 2, ("n", "e", "w"): 6}
    pieces, merges = learn_merges(spelled, sorted("lowern"), vocab_size=9)
    assert merges == [("l", "o"), ("lo", "w"), ("e", "w")]  # 7, 7 and 6 times, where ("n", "e") stands 6 times as well
    assert pieces == [*sorted("lowern"), "lo", "low", "ew"]
    assert learn_merges(spelled, sorted("lowern"), vocab_size=99, min_count=7)[1] == [("l", "o"), ("lo", "w")]


def test_a_merge_that_gives_a_piece_that_is_there_already_keeps_its_number():
    spelled = {("a", "b", "c"): 1, ("a", "b"): 2, ("c", "d"): 1}
    pieces, merges = learn_merges(spelled, ["ab", *"abcd"], vocab_size=9)
    assert merges == [("a", "b"), ("ab", "c"), ("c", "d")]  # of the last two, tied, the one with number 0 goes first
    assert pieces == ["ab", *"abcd", "abc", "cd"]


def test_a_pair_that_overlaps_itself_is_merged_from_the_left():
    assert merge(list("aaaaa"), ("a", "a"), "aa") == ["aa", "aa", "a"]
    assert apply_merges(list("aaaba"), {("a", "b"): 0, ("a", "a"): 1}) == ["aa", "ab", "a"]


def test_of_words_equally_frequent_those_first_in_unicode_are_taken():
    tokenizer = WordTokenizer.fit(["b a a c", "Zoo d ä B!"], vocab_size=6)
    assert tokenizer.vocabulary.pieces == ["<unk>", "a", "b", "!", "c", "d"]
    assert tokenizer.encode("a zoo, B").tolist() == [1, 0, 0, 2]
    assert WordTokenizer.fit(["b a a c", "b"], min_count=2).vocabulary.pieces == ["<unk>", "a", "b"]


def test_what_is_unknown_is_named():
    ours, theirs = both("byte_pair")
    assert ours.unknown("low Ж low ЖЖ <unk>") == theirs.unknown("low Ж low ЖЖ <unk>") == ["Ж"]
    assert both("word")[0].unknown("The quick low quick fox") == ["quick", "fox"]
    assert both("word_piece")[0].unknown("Жук low " + "l" * 101) == ["жук", "l" * 101]
    assert both("byte_level")[0].unknown("Ж") == []


@given(st.text())
def test_bytes_give_back_every_text(text):
    tokenizer = both("byte_level")[0]
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_character_cut_in_two_is_shown_as_a_replacement():
    tokenizer = ByteLevelTokenizer.fit([], vocab_size=256)
    assert tokenizer.vocabulary.pieces == sorted(LETTERS)
    assert tokenizer.decode(tokenizer.encode("aé")[:2]) == "a\ufffd"


def test_special_pieces_are_found_in_texts_the_longest_first_and_are_not_learnt_from():
    fit = partial(ByteLevelTokenizer.fit, vocab_size=300, special=("<s>", "<s>x"))
    tokenizer = fit(["<s>" * 50 + "hello"])
    assert tokenizer.encode("<s><s>xé<s").tolist()[:2] == [0, 1]
    assert tokenizer.vocabulary.pieces == fit(["hello"]).vocabulary.pieces
    assert WordTokenizer.fit(["a <unk> b <unk>"]).vocabulary.pieces == ["<unk>", "a", "b"]
    assert tokenizer.decode(tokenizer.encode("a<s>é")) == "aé"
    assert tokenizer.decode(tokenizer.encode("a<s>é"), show_special=True) == "a<s>é"


@pytest.mark.parametrize("kind", KINDS)
def test_half_of_a_surrogate_pair_is_no_character_and_stops_nothing(kind):
    assert whole("a\ud800b\ud83d\ude42") == "a\ufffdb🙂"
    for tokenizer in both(kind):
        assert tokenizer.encode("a\ud800b").tolist() == tokenizer.encode("a\ufffdb").tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_outside_the_vocabulary_is_refused(kind):
    for tokenizer in both(kind):
        for number in (-1, tokenizer.vocab_size):
            with pytest.raises(ValueError, match=f"numbers from 0 to {tokenizer.vocab_size - 1}"):
                tokenizer.decode(torch.tensor([0, number]))


@pytest.mark.parametrize("kind", KINDS)
def test_tokenizers_are_kept_with_the_run(kind, tmp_path):
    for tokenizer in both(kind):
        assert isinstance(tokenizer, Fact)
        save_facts({"tokenizer": tokenizer}, tmp_path)
        loaded = load_facts(tmp_path)["tokenizer"]
        assert type(loaded) is type(tokenizer)
        assert loaded.vocab_size == tokenizer.vocab_size
        for text in CORPUS:
            tokens = loaded.encode(text + " <unk> [SEP]")
            assert tokens.tolist() == tokenizer.encode(text + " <unk> [SEP]").tolist()
            assert loaded.decode(tokens) == tokenizer.decode(tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_tokenizers_reach_the_workers_of_a_loader(kind):
    for tokenizer in both(kind):
        tokens = tokenizer.encode(CORPUS[1])
        assert pickle.loads(pickle.dumps(tokenizer)).encode(CORPUS[1]).tolist() == tokens.tolist()


def test_a_vocabulary_with_a_piece_twice_or_without_its_special_ones_is_refused():
    for options, message in [
        (dict(pieces=["a", "a"]), "stands twice"),
        (dict(pieces=["a"], special=["<s>"]), "'<s>' is not among"),
        (dict(pieces=["a"], unknown="<unk>"), "'<unk>' is not among"),
        (dict(pieces=["a", ""]), "empty"),
    ]:
        with pytest.raises(ValueError, match=message):
            Vocabulary(**options)
    with pytest.raises(ValueError, match="'english' or at 'spaces'; got 'chinese'"):
        WordTokenizer.fit([], split="chinese")
    with pytest.raises(ValueError, match="one of word, byte_pair, byte_level, word_piece; got 'sentence'"):
        LibraryTokenizer.fit([], kind="sentence", vocab_size=9)


def test_a_file_of_the_library_is_read_and_another_is_refused(tmp_path):
    theirs = both("word_piece")[1]
    (tmp_path / "tokenizer.json").write_text(json.dumps(theirs.to_fact()[0]["document"]), encoding="utf-8")
    assert LibraryTokenizer.read(tmp_path / "tokenizer.json").encode(CORPUS[0]).tolist() == theirs.encode(CORPUS[0]).tolist()
    (tmp_path / "other.json").write_text("{}")
    for name, message in [("other.json", "holds no tokenizer"), ("gone.json", "cannot be read: No such file")]:
        with pytest.raises(UserError, match=message) as refusal:
            LibraryTokenizer.read(tmp_path / name)
        assert "\n" not in str(refusal.value)
