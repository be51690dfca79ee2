"""Searches the articles: words as they are typed first, then with a slip or two; a title counts most. Nothing typed is an operator."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations

from lunr import lunr
from lunr.index import Index

from portal import languages
from portal.help.articles import FOLDER, Article, Offered, list_articles
from portal.settings import config

FIELDS = (("title", 8), ("words", 4), ("about", 2), ("text", 1))  # and how much a word in each counts
WORD = re.compile(r"\w+")
KOREAN = re.compile("[가-힣]+")
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
    """The articles of one language: their index, how often each word occurs, the words by their `rests`, and synonyms."""

    articles: dict[str, Article]
    index: Index
    counts: Counter[str]
    slips: dict[str, set[str]]
    synonyms: dict[str, str]


def search(typed: str, language: str, offered: Offered) -> Found:
    """The articles about what somebody typed, at most HELP_FOUND; none if nothing fits."""
    shelf = fill_shelf(language, offered)
    words = words_of(typed[: config.HELP_TYPED_MAX])
    closest = {word: correct(word, shelf) for word in words if word not in shelf.counts}
    spelled = [closest[word][0] if closest.get(word) else word for word in words]
    query = shelf.index.create_query()
    for word in words:
        query.term(word, boost=EXACT)
        for other in closest.get(word, ()):
            query.term(other, boost=SLIPPED)
    for word in synonyms_in(spelled, shelf):
        query.term(word, boost=MEANT)
    names = [found["ref"] for found in shelf.index.query(query)[: config.HELP_FOUND]] if query.clauses else []
    is_corrected = bool(names) and spelled != words and not KOREAN.search(" ".join(words))  # pairs of syllables can't be read
    return Found(tuple(shelf.articles[name] for name in names), " ".join(spelled) if is_corrected else None)


@cache
def fill_shelf(language: str, offered: Offered) -> Shelf:
    """The index of a language's articles, made when it is first asked for (40 ms)."""
    articles = list_articles(language, offered)
    texts = [{"name": name} | as_compared(article) for name, article in articles.items()]
    index = lunr(ref="name", fields=[{"field_name": field, "boost": boost} for field, boost in FIELDS], documents=texts)
    synonyms = read_synonyms(language)
    words = Counter(word for text in texts for field, _ in FIELDS for word in text[field].split())
    words.update(word for phrase in synonyms for word in phrase.split())
    slips: dict[str, set[str]] = {}
    for word in words:
        for rest in rests(word):
            slips.setdefault(rest, set()).add(word)
    return Shelf(articles, index, words, slips, synonyms)


def as_compared(article: Article) -> dict[str, str]:
    """Each field of an article, as the index takes it."""
    return {field: " ".join(words_of(getattr(article, field))) for field, _ in FIELDS}


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, without apostrophes and marks; Korean in pairs of syllables."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return WORD.findall(KOREAN.sub(lambda found: f" {' '.join(pairs(found[0]))} ", plain))


def pairs(word: str) -> list[str]:
    """Each two syllables that stand together in a Korean word, so that it is found whatever particle or ending it carries."""
    return [word[place : place + 2] for place in range(max(1, len(word) - 1))]


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


def synonyms_in(words: Iterable[str], shelf: Shelf) -> list[str]:
    """The portal's words for what people call otherwise."""
    line = f" {' '.join(words)} "
    return [word for phrase, ours in shelf.synonyms.items() if f" {phrase} " in line for word in ours.split()]


def read_synonyms(language: str) -> dict[str, str]:
    """Others' words -> the portal's words, from the language's file; English ones if it has none."""
    path = FOLDER / language / "synonyms.cfg"
    path = path if path.exists() else FOLDER / languages.SOURCE / "synonyms.cfg"
    lines = [line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {" ".join(words_of(phrase)): " ".join(words_of(ours)) for ours, _, others in lines for phrase in others.split(",")}
