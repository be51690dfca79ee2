"""How people write codes and numbers: which characters they see as a blank, a dash, or a dot. Pure."""

import unicodedata

from portal.settings import config

LOOKALIKES = str.maketrans("OIL", "011")  # BC-8: Crockford's alphabet, which backup codes have, is without O, I, and L
# Letters and marks that show nothing by themselves (Unicode: default ignorable): a name of these alone would look empty.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(each) for each in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
BLANKS = INVISIBLE | frozenset("\u180b\u180c\u180d\u180f\u2800")  # Mongolian selectors, and the blank of Braille
BLANK_CATEGORIES = ("Zs", "Zl", "Zp", "Cf")  # spaces and line ends; zero-width characters, soft hyphens, bidi marks
# What looks like a dash besides category Pd: the hyphen bullet, minus signs (the heavy one is an emoji), the modifier letter minus,
# box-drawing lines, and the long-vowel mark, which is beside 0 on Japanese keyboards.
DASHES = frozenset("_\u02d7\u2043\u2212\u2500\u2501\u2796\u30fc")
# What looks like a dot: middle dots, bullets, and the full stops of other scripts (fullwidth ones become "." by NFKC).
DOTS = frozenset(".\u00b7\u2022\u2027\u2219\u22c5\u2e31\u30fb\u3002\u06d4\u0964")


def is_separator(character: str) -> bool:
    """Whether people see a blank, a dash, or a dot, which means nothing inside a code or a number."""
    category = unicodedata.category(character)
    return (
        character.isspace()
        or category in BLANK_CATEGORIES
        or category == "Pd"
        or character in DASHES
        or character in DOTS
        or character in BLANKS
    )


def strip_separators(text: str) -> str:
    """The text without blanks, dashes, and dots, with digits of any script as 0-9 (WD-5). What is too long for any code is cut."""
    kept = (each for each in unicodedata.normalize("NFKC", text[: config.TYPED_MAX]) if not is_separator(each))
    return "".join(str(unicodedata.decimal(each, each)) for each in kept)
