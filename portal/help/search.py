"""Searches the articles: words as they are typed first, then with a slip or two; a title counts most. Nothing typed is an operator."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations

from lunr import get_default_builder
from lunr.builder import Builder
from lunr.index import Index

from portal import languages
from portal.help.articles import FOLDER, Article, Offered, list_articles
from portal.help.words import KOREAN, fold, keys_of, words_of, written_in
from portal.settings import config

FIELDS = (("title", 8), ("words", 4), ("about", 2), ("text", 1))  # and how much a word in each counts
# The length from which a word may have one slip, or two: a letter too many, missing, wrong, or swapped. Longer than LONGEST, none.
ONE_SLIP, TWO_SLIPS, LONGEST = 4, 7, 20
EXACT, SLIPPED, MEANT = 10, 3, 6  # how much a word counts: as typed, corrected, by its synonym


@dataclass(frozen=True)
class Found:
    """The articles that answer, best first; `meant`: what was typed, with its slips corrected, if anything was found only so."""

    articles: tuple[Article, ...]
    meant: str | None = None


@dataclass(frozen=True)
class Shelf:
    """The articles of one language: their index, how often each word occurs, the words by their `rests`, and synonyms.

    `keys`: what is compared of these words. `written`: the words without accents -> as the articles write them.
    """

    articles: dict[str, Article]
    index: Index
    counts: Counter[str]
    keys: frozenset[str]
    written: dict[str, str]
    slips: dict[str, set[str]]
    synonyms: dict[str, str]


def search(typed: str, language: str, offered: Offered) -> Found:
    """The articles about what somebody typed, at most HELP_FOUND; none if nothing fits."""
    shelf = fill_shelf(language, offered)
    words = words_of(typed[: config.HELP_TYPED_MAX])
    closest = {word: correct(word, shelf) for word in words if not shelf.keys.issuperset(keys_of([word], language))}
    spelled = [closest[word][0] if closest.get(word) else word for word in words]
    query = shelf.index.create_query()
    for word in words:
        for key in keys_of([word], language):
            query.term(key, boost=EXACT)
        for key in keys_of(closest.get(word, ()), language):
            query.term(key, boost=SLIPPED)
    for key in synonyms_in(keys_of(spelled, language), shelf):
        query.term(key, boost=MEANT)
    names = [found["ref"] for found in shelf.index.query(query)[: config.HELP_FOUND]] if query.clauses else []
    is_corrected = bool(names) and spelled != words and not KOREAN.search(" ".join(words))  # pairs of syllables can't be read
    meant = " ".join(shelf.written.get(word, word) for word in spelled) if is_corrected else None
    return Found(tuple(shelf.articles[name] for name in names), meant)


@cache
def fill_shelf(language: str, offered: Offered) -> Shelf:
    """The index of a language's articles, made when it is first asked for (60 ms)."""
    articles = list_articles(language, offered)
    texts = {name: {field: written_in(getattr(article, field)) for field, _ in FIELDS} for name, article in articles.items()}
    synonyms = [(written_in(phrase), written_in(ours)) for phrase, ours in read_synonyms(language)]
    written = [word for text in texts.values() for words in text.values() for word in words]
    written += [word for pair in synonyms for words in pair for word in words]
    as_written = {fold(word): word for word in written}
    counts = Counter(map(fold, written))
    slips: dict[str, set[str]] = {}
    for word in counts:
        for rest in rests(word):
            slips.setdefault(rest, set()).add(word)
    keys = {word: key for word in as_written for key in keys_of([word], language)}

    def compared(words: Iterable[str]) -> str:
        return " ".join(keys[word] for word in map(fold, words) if word in keys)

    index = index_of({name: {field: compared(words) for field, words in text.items()} for name, text in texts.items()}, language)
    ours = {compared(phrase): compared(words) for phrase, words in synonyms}
    return Shelf(articles, index, counts, frozenset(keys.values()), as_written, slips, ours)


def index_of(texts: dict[str, dict[str, str]], language: str) -> Index:
    """Each field of each article. Spanish words come as stems; lunr makes English ones, and leaves pairs of syllables alone."""
    builder = Builder() if language == "es" else get_default_builder()
    builder.ref("name")
    for field, boost in FIELDS:
        builder.field(field, boost)
    for name, text in texts.items():
        builder.add({"name": name} | text)
    return builder.build()


def rests(word: str) -> Iterator[str]:
    """What is left of a word without up to two of its letters: two words that are a slip apart have a rest in common."""
    most = 0 if not ONE_SLIP <= len(word) <= LONGEST else 1 if len(word) < TWO_SLIPS else 2
    for slips in range(most + 1):
        for left_out in combinations(range(len(word)), slips):
            yield "".join(letter for place, letter in enumerate(word) if place not in left_out)


def correct(word: str, shelf: Shelf) -> list[str]:
    """The articles' words that are the fewest slips away, the likest first; none if all are too far."""
    near: dict[int, set[str]] = {}
    for rest in rests(word):
        for other in shelf.slips.get(rest, ()):
            near.setdefault(max(len(word), len(other)) - len(rest), set()).add(other)
    likeness = SequenceMatcher(b=word)

    def rank(other: str) -> tuple[float, int, str]:
        likeness.set_seq1(other)
        return -likeness.ratio(), -shelf.counts[other], other

    return sorted(near[min(near)], key=rank) if near else []


def synonyms_in(keys: Iterable[str], shelf: Shelf) -> list[str]:
    """The portal's words for what people call otherwise, then for what that is a part of: "cel" is a phone, and may be a lost one."""
    found: dict[str, str] = {}
    line = f" {' '.join(keys)} "
    for _ in range(2):
        new = {phrase: ours for phrase, ours in shelf.synonyms.items() if f" {phrase} " in line and phrase not in found}
        found |= new
        for phrase, ours in new.items():
            line = line.replace(f" {phrase} ", f" {ours} ")
    return [key for ours in found.values() for key in ours.split()]


def read_synonyms(language: str) -> list[tuple[str, str]]:
    """Others' words and the portal's words for them, from the language's file; English ones if it has none."""
    path = FOLDER / language / "synonyms.cfg"
    path = path if path.exists() else FOLDER / languages.SOURCE / "synonyms.cfg"
    lines = [line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(phrase, ours) for ours, _, others in lines for phrase in others.split(",")]
