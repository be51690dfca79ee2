"""Takes pages and words in the pseudo-locale back to English, so that one walk through the portal looks at its pages in both."""

import re

from portal.pseudo import ACCENTED, FILLER

LETTERS = {chr(accented): chr(plain) for plain, accented in ACCENTED.items()}
_BEGUN = "|".join(FILLER[:length] for length in range(len(FILLER), 1, -1))
ADDED = rf"\[|(?:{FILLER})*(?:{_BEGUN})?\]"  # what portal/pseudo.py puts around a sentence

# Runs in the page and turns its words and the parts that are only spoken into English, at once. Returns what turns them back.
IN_ENGLISH = """([letters, added]) => {
  const again = [], around = new RegExp(added, "g"), root = document.documentElement;
  const plain = words => words.replace(around, "").replace(/[^\\x00-\\x7f]/g, letter => letters[letter] ?? letter);
  const put = (words, set) => { if (plain(words) !== words) { again.push(() => set(words)); set(plain(words)); } };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) { const each = text; put(each.data, words => { each.data = words; }); }
  for (const name of ["aria-label", "aria-description", "alt", "title", "placeholder"])
    for (const part of document.body.querySelectorAll(`[${name}]`))
      put(part.getAttribute(name), words => part.setAttribute(name, words));
  put(document.title, words => { document.title = words; });
  const {lang} = root;
  root.lang = "en";
  return () => { root.lang = lang; for (const back of again) back(); };
}"""
GIVEN = [LETTERS, ADDED]


def to_english(words):
    """Returns the English of words in the pseudo-locale; English words stay."""
    return "".join(LETTERS.get(letter, letter) for letter in re.sub(ADDED, "", words))
