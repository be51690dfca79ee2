"""Rules for every page as a browser renders it."""

import json
import re

from tests.support.axe_script import bring_axe
from tests.support.browser import DESKTOP
from tests.support.looks import LOOKS
from tests.support.plain import GIVEN, IN_ENGLISH
from tests.support.soak import SEED

NARROW = (320, 640)
# Two rules by name: axe has the first off by default and had the second off until 4.14.
SWITCHED_ON = {"target-size": {"enabled": True}, "label-content-name-mismatch": {"enabled": True}}  # WCAG 2.5.8, 2.5.3
STANDARD = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]}
EVERYTHING = {"runOnly": STANDARD, "rules": SWITCHED_ON}
ON_A_PHONE = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", *SWITCHED_ON]}}
SECRET = re.compile(r"secret=\w+|\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b|(?<=>)[A-Z2-7]{4}(?=<)")
# What people type back or compare with something elsewhere: a browser's translator must leave it as it is.
VERBATIM = "|".join(
    (
        r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b",  # backup codes
        "•••",  # whatever is masked
        r"\+\d[\d\- ]{6,}",  # phone numbers
        r"\b(?:Medximity|DigitalPatientChart|Google Authenticator|Microsoft Authenticator|Authy)\b",
        r"\b(?:maria|sam|jun|dr\.\w+|admin\.lee|(?:nora|ivo)\d+)\b",  # usernames
    )
)
NAVIGATION = ["Find a provider", "Community forum", "Help"]

# Runs in the page and returns a line for each fault.
LOOK = """([smallest, navigation, verbatim]) => {
  const faults = [], shown = part => part.checkVisibility({visibilityProperty: true}) && part.getClientRects().length;
  const say = (part, words) => faults.push(`${words}: ${part.outerHTML.slice(0, 120)}`);
  const headings = document.querySelectorAll("h1");
  if (headings.length !== 1) faults.push(`${headings.length} h1`);
  const heading = headings[0]?.textContent.trim();
  if (!document.title.replace(/^Error: /, "").startsWith(heading)) faults.push(`the title is ${document.title}`);
  if (document.title.startsWith("Error: ") !== !!document.querySelector("main [aria-labelledby=problems]"))
    faults.push("the title and the summary of problems disagree");
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`scrolls ${wide} px sideways at ${innerWidth}`);
  for (const part of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")) {
    if (!shown(part) || part.closest(".skip")) continue;
    const inText = getComputedStyle(part).display === "inline" && part.parentNode.textContent.trim() !== part.textContent.trim();
    const {width, height} = part.getBoundingClientRect();
    if (!inText && (width < smallest || height < smallest)) say(part, `${width} by ${height} px is too small to hit`);
  }
  for (const part of document.querySelectorAll("button, .button")) {
    const walk = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let text = shown(part) && walk.nextNode(); text; text = walk.nextNode())
      for (const word of text.data.matchAll(/[^\\s-]+/g)) {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(line => line.top)).size > 1) say(part, `${word[0]} is broken`);
      }
  }
  for (const part of document.querySelectorAll("body *")) {
    const words = [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const parts = [...part.children].some(child => child.textContent.trim() && !child.matches(".away, svg"));
    if (words && parts && shown(part) && /flex/.test(getComputedStyle(part).display)) say(part, "a sentence stands in columns");
  }
  const above = headings[0]?.previousElementSibling?.getBoundingClientRect();
  const gap = above?.height > 1 ? headings[0].getBoundingClientRect().top - above.bottom : 16;
  if (gap < 4) faults.push(`the heading stands ${gap} px below what is above it`);
  const ids = [...document.querySelectorAll("[id]")].map(part => part.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`the id ${id} stands twice`);
  for (const field of document.querySelectorAll("main input:not([type=hidden])"))
    if (shown(field) && !field.labels.length) say(field, "no label");
  for (const field of document.querySelectorAll("select"))
    if (getComputedStyle(field).appearance !== "none") say(field, "Safari draws it in gray");
  for (const form of document.forms) if (!form.noValidate || !form.getAttribute("action")) say(form, "no action or no novalidate");
  const links = [...document.querySelectorAll("header nav a")].map(link => link.textContent.trim());
  if (links.join() !== navigation.join()) faults.push(`help is not where it always is: ${links}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), kept = new RegExp(verbatim);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const part = text.parentElement, own = part.closest("code") || kept.test(text.data);
    if (own && part.translate && text.data.trim() && !part.closest("script, noscript")) say(part, "a translator would change it");
    if (!part.closest(".button") || part.closest(".away") || !shown(part)) continue;
    for (const {index, 0: word} of text.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(line => line.top)).size > 1) say(part.closest(".button"), `${word} is broken`);
    }
  }
  if (localStorage.length + sessionStorage.length) faults.push("something is kept in the browser's storage");
  if (document.activeElement?.matches("[data-old]")) faults.push("the focus is on what has gone");
  return faults;
}"""


# At 200 % text: what sticks out of the page, or of a box of its own. `html` has 112.5 % of the reader's own size (portal.css).
LARGE = """() => {
  const root = document.documentElement, faults = [], say = (part, words) => faults.push(`${words}: ${part.outerHTML.slice(0, 120)}`);
  root.style.fontSize = "225%";
  const wide = root.scrollWidth - root.clientWidth;
  if (wide > 0) faults.push(`scrolls ${wide} px sideways with text at 200 %`);
  for (const part of document.querySelectorAll("body *")) {
    const {display, clipPath} = getComputedStyle(part), words = [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!words || display === "inline" || clipPath === "inset(50%)" || !part.checkVisibility()) continue;
    if (part.closest(".away, .skip, noscript, caption, svg")) continue;
    const {left, right} = part.getBoundingClientRect();
    if (part.scrollWidth > part.clientWidth + 1) say(part, `sticks out ${part.scrollWidth - part.clientWidth} px at 200 %`);
    if (wide > 0 && right > root.clientWidth + 1 && left < right) say(part, `ends at ${right}`);
  }
  root.style.fontSize = "";
  return faults;
}"""

# What a page is made of, whatever its words: whether it is refused, headings and landmarks in their order, and each kind of element once,
# below the kinds that it lies in. Of what points to other elements, it only counts that it does. A step that was swapped in has a class
# that moves it, which windows of less motion don't show: it is the step as it comes with its page.
PARTS = """() => {
  const told = /^(class|type|role|open|hidden|disabled|alt|lang|tabindex|autocomplete|aria-.*)$/;
  const pointing = /^aria-(describedby|labelledby|controls|owns)$/;
  const labelOf = part => `${part.getAttribute("aria-label")} on ${part.textContent.trim()}`;
  const value = (part, {name, value}) => pointing.test(name) ? "" : name === "aria-label" ? labelOf(part) : value;
  const kindOf = part => part.tagName + [...part.attributes].filter(({name, value}) => told.test(name) && value !== "fresh")
    .map(each => ` ${each.name}=${value(part, each).replace(/\\d+/g, "")}`).join("");
  const kinds = new Map(), order = [];
  for (const part of document.querySelectorAll("body *")) {
    if (!part.checkVisibility()) continue;
    kinds.set(part, `${kinds.get(part.parentNode) ?? ""} > ${kindOf(part)}`);
    if (part.matches("h1, h2, h3, h4, h5, h6, header, nav, main, aside, footer, [role]")) order.push(part.tagName);
  }
  return [document.title.startsWith("Error: "), order.join(), ...new Set(kinds.values())];
}"""

# Takes the page to English, where it stays until BACK, and runs the above: each turn is a layout and a picture of the page.
# Returns a line for each fault, the parts, and whether axe is there.
LOOK_OVER = f"""([given, english, isNarrow]) => {{
  (window.backAgain ??= []).push(({IN_ENGLISH})(english));
  const faults = ({LOOK})(given);
  if (isNarrow) faults.push(...({LARGE})());
  return [faults, ({PARTS})(), typeof axe === "object"];
}}"""
BACK = "() => { while (window.backAgain?.length) window.backAgain.pop()(); }"

# Runs axe in the page; returns a line for each fault: all that it found is long. Selectors of elements take it a tenth of its time.
RUN = """async rules => {
  const found = await axe.run({...rules, resultTypes: ["violations"], selectors: false});
  return found.violations.flatMap(violation => violation.nodes.map(
    node => `axe ${violation.id}: ${node.html.slice(0, 120)} ${node.failureSummary}`));
}"""


class Inspector:
    """Checks pages along the way, in English if they are in the pseudo-locale; `faults` has a line for each fault, with the page's name."""

    def __init__(self, window):
        self.page = window.page
        self.faults = []
        self.seen = 0
        self.is_narrow = self.page.viewport_size["width"] == NARROW[0]

    def look(self, name):
        """Checks the current page on a desktop in light mode and on a narrow phone in dark mode, there with large text too.

        The first look is as the page came, and the next page comes as the last look left the window: turning costs time.
        """
        self.seen += 1
        self._look_once(self._where(name))
        self._turn()
        self._look_once(self._where(name))
        self.page.evaluate(BACK)

    def _where(self, name):
        """Returns the name of the page with its address."""
        return f"{name} ({self.page.url.partition('?')[0].split('/', 3)[-1]})"

    def _turn(self):
        """Turns the window from one look to the other."""
        self.is_narrow = not self.is_narrow
        width, height = NARROW if self.is_narrow else DESKTOP
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if self.is_narrow else "light")

    def _look_once(self, where):
        """Looks as the window is now; with axe if the page has parts that no page had yet, or if a soak looks at everything."""
        where = f"{where}, narrow and dark" if self.is_narrow else where
        faults, found, has_axe = self.page.evaluate(LOOK_OVER, [[24, NAVIGATION, VERBATIM], GIVEN, self.is_narrow])
        parts = {json.dumps([self.is_narrow, part]) for part in found}
        if SEED or not LOOKS.cover(parts):
            if not has_axe:
                bring_axe(self.page)
            faults += self.page.evaluate(RUN, ON_A_PHONE if self.is_narrow else EVERYTHING)
            LOOKS.add(parts)
        self._note(where, faults)

    def _note(self, where, faults):
        self.faults += [SECRET.sub("…", f"{where}: {fault}") for fault in faults]
