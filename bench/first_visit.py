"""Weighs a patient's first visit in each language beside English, and writes the table into README.md.

The walk is that of tests/speed: from the sign-in page to "on, codes proved" in a Chromium that has never been there, by the labels of the
language, at a portal that offers all of them. Bytes are those on the wire, headers included.
"""

import tempfile
from collections import Counter
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import report
from portal.languages import SOURCE, list_languages, name_of
from tests.speed.test_page_weight import BESIDE_ENGLISH
from tests.speed.weight import Scales, each_visit
from tests.support.browser import Browsers, launch, program
from tests.support.sites import Sites

BEGIN, END = "<!-- first visits: made by `make weights` -->\n", "<!-- end of first visits -->"
KINDS = ("pages", "answers to forms", "style", "script", "typefaces")


def table(visits: dict[str, Scales]) -> str:
    """The visits by language as a Markdown table."""
    lines = ["| language | " + " | ".join(KINDS) + " | all bytes | requests | of English | |"]
    lines.append("| --- | " + "---: | " * (len(KINDS) + 3) + "--- |")
    for language, scales in visits.items():
        weights: Counter[str] = Counter()
        for each in scales.fetched:
            weights[each.kind] += each.bytes
        share = scales.total / visits[SOURCE].total
        cells = [f"{number:,}" for number in (*(weights[kind] for kind in KINDS), scales.total, len(scales.fetched))]
        is_reached = "" if language == SOURCE else "reached" if share <= BESIDE_ENGLISH else "**missed**"
        lines.append(f"| {name_of(language)} | {' | '.join(cells)} | {share:.3f} | {is_reached} |")
    return "\n".join(lines)


def main() -> None:
    """Weigh the visits, print the table, and write it into README.md."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sync_playwright() as playwright:
        browsers = Browsers(launch(playwright, program("chromium-headless-shell")))
        found = each_visit(Sites(Path(folder), None, "bench"), browsers)
        browsers.close()
        browsers.chromium.close()
    made = table({language: scales for (offered, language), scales in found.items() if offered == list_languages()})
    print(made)
    report.put_between(BEGIN, END, f"{report.made_now(1)}\n\n{made}")


if __name__ == "__main__":
    main()
