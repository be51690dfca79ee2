#!/bin/sh
# lunr, which searches Help: how much a word counts that stands in every document.
#
# Expected (guess before the run): a word in the title and the text of every document tells nothing about any of them, and weighs less
# than a word in a third of the documents, whichever fields it stands in.
# Seen, lunr 0.8.0, 2026-11-30: in one field of all 24 documents it weighs next to nothing (0.02), in all three fields of the same
# documents 1.51, more than a word in the title of 8 alone (1.08). How rare a word is, is counted by its places in fields, not by documents,
# and the sign of what is left is dropped: more places than documents count as few. Leave words that every article has out of the index.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check lunr==0.8.0
"$folder/venv/bin/python" - <<'END'
import sys
from importlib.metadata import version

from lunr import lunr

DOCUMENTS = 24
FIELDS = ("title", "text", "keywords")


def weight(word, fields, documents):
    """The best score of a word that stands in these fields of so many documents, all of one length."""
    made = [
        {"id": str(number), **{field: word if field in fields and number < documents else "filler" for field in FIELDS}}
        for number in range(DOCUMENTS)
    ]
    return max(found["score"] for found in lunr("id", [{"field_name": field, "boost": 1} for field in FIELDS], made).search(word))


print("lunr", version("lunr"))
share = {
    "one field of 8": weight("phone", FIELDS[:1], 8),
    "one field of all 24": weight("phone", FIELDS[:1], 24),
    "two fields of 12": weight("phone", FIELDS[:2], 12),
    "three fields of all 24": weight("phone", FIELDS, 24),
}
for what, score in share.items():
    print(f"{what}: {score:.3f}")
still = share["three fields of all 24"] > share["one field of 8"] > share["one field of all 24"]
print("still so" if still else "changed")
sys.exit(0 if still else 1)
END
