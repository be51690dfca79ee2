"""The notice of language help (45 CFR 92.11), in English and in the languages that the data file has, each with its source."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.languages import SOURCE

FILE = Path(__file__).parent / "help/language_help.toml"
OWN = "own"  # the source of what we translated ourselves


@dataclass(frozen=True)
class Notice:
    """The notice in one language."""

    language: str  # BCP 47
    name: str  # the language's own
    direction: str  # "ltr" or "rtl"
    says: str  # that language help is free
    call: str  # where to ask, with {phone}
    source: str
    reviewed: str  # by whom; "" is nobody
    aids: str = ""  # that aids for people with disabilities are free; "" where the source has no such sentence

    def words(self, with_call: bool) -> str:
        """Its sentences in a row, with a blank between them where the script has one; that with {phone} if asked for."""
        said = [self.says, self.aids, self.call if with_call else ""]
        return ("" if self.says.endswith("。") else " ").join(filter(None, said))

    @property
    def needs_review(self) -> bool:
        """Whether some of its words are a translation of ours that nobody qualified has read."""
        return self.source == OWN and not self.reviewed


@cache
def read_notices() -> dict[str, Notice]:
    """Tag → notice, English first, in the order of the file."""
    with FILE.open("rb") as file:
        found = tomllib.load(file)
    return {notice["language"]: Notice(**notice) for notice in found["notices"]}


def count_languages(tags: tuple[str, ...]) -> int:
    """How many languages besides English these are: Chinese is one, in two scripts."""
    return len({tag.partition("-")[0] for tag in tags} - {SOURCE})
