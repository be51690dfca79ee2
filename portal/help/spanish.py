"""Spanish as people type it on a phone: words that sound alike, or differ in their endings only, are the same word to the search."""

import re

# Words of a question that say nothing about its subject.
IDLE = frozenset(
    re.findall(
        r"\w+",
        """a al ante como con cual cuando de del el ella en era es eso esta este esto ha hay he la las le les lo los me mi mis muy nos o
        para pero por que se ser si son su sus te tengo tiene tu tus u un una unas unos y ya yo""",
    )
)
# Letters that many people in Latin America say, and therefore write, alike. Letters are without accents here.
SOUNDS = (
    (re.compile("qu(?=[ei])"), "k"),
    (re.compile("g(?=[ei])"), "j"),
    (re.compile("gu(?=[ei])"), "g"),
    (re.compile("ch"), "1"),
    (re.compile("h"), ""),
    (re.compile("c(?=[ei])|[zx]"), "s"),
    (re.compile("c|q"), "k"),
    (re.compile("v|w"), "b"),
    (re.compile("n(?=[bp])"), "m"),
    (re.compile("ll"), "y"),
    (re.compile(r"([a-z])\1"), r"\1"),
)
# In these sounds: pronouns that hang on a verb, then what nouns, adjectives, and verbs end in.
PRONOUNS = re.compile("(?<=[aei]r|do|en|ra|me|ta|te|be|de)(?:se|me|te|nos)?(?:l[aeo]s?|me|te|se|nos)$")
ENDINGS = re.compile(
    "(?:asion|ision|ion|amient|imient|ador|edor|idor|ment|abl|ibl|and|iend|yend|ad|id|ab|aron|ieron|yeron|ari|eri|iri|ar|er|ir|aste|iste"
    "|am|em|im|an|en|[aeo]s|[aeiou]|s)$"
)
SHORTEST = 3  # letters that stay


def stem(word: str) -> str:
    """What is compared of a word: its sound, without its endings. "códigos" -> "kodig", "perdió", "pierdo" -> "perd"."""
    found = word
    for letters, sound in SOUNDS:
        found = letters.sub(sound, found)
    found = shorten(PRONOUNS, found)
    while (shorter := shorten(ENDINGS, found)) != found:
        found = shorter
    return found.replace("ue", "o").replace("ie", "e")


def shorten(ending: re.Pattern[str], word: str) -> str:
    """The word without an ending, if enough of it stays."""
    place = ending.search(word)
    return word[: place.start()] if place and place.start() >= SHORTEST else word
