"""The paper of the report: pages with a foot, headings that are bookmarks, paragraphs, facts, and tables whose heads are repeated.

Text is placed run by run: fpdf2's own cells take four times as long, and a practice of 5,000 people fills hundreds of pages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from portal.folder.typefaces import FILES, FOLDER, HEAD, OTHER, TEXT, Run, printable, runs, wrapped

INK, QUIET, ACCENT, LINE, WASH, PAPER = (
    (29, 36, 51), (74, 82, 100), (58, 63, 148), (205, 210, 221), (238, 240, 250), (255, 255, 255),
)  # fmt: skip
MARGIN, FOOT = 14.0, 12.0  # millimeters
POINT = 25.4 / 72
BODY, CELL, HEADS = 10.5, 8.0, 7.5  # points
READABLE = 190.0  # millimeters of a line
REMEMBERED = 60  # characters of a text that probably comes again
LEADING = 1.32
PAD = 1.5
PAGES = "{nnn}"  # stands for the number of all pages until it is known; as wide as a thousand
Color = tuple[int, int, int]


@dataclass(frozen=True)
class Line:
    """A line that is ready to be placed: for each run its typeface, its text as the document has it, and its width in millimeters."""

    runs: tuple[tuple[str, str, float], ...]

    @property
    def width(self) -> float:
        return sum(width for _face, _text, width in self.runs)


class Sheet(FPDF):
    """A document in landscape, on Letter."""

    def __init__(self, title: str, language: str, made_at: datetime, foot: str, page_words: str) -> None:
        super().__init__(orientation="landscape", format="letter")
        self.foot, self.page_words = printable(foot), page_words
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_title(title)
        self.set_lang(language)
        self.set_creation_date(made_at)
        self.set_producer("fpdf2")
        self.set_display_mode("fullwidth", "continuous")
        self.alias_nb_pages(PAGES)
        for name in (TEXT, HEAD):
            self.add_font(name, fname=FOLDER / FILES[name])
        self.top = MARGIN
        self.known_lines: dict[tuple[str, str, float, float], list[Line]] = {}
        self.on_page: set[tuple[int, str]] = set()

    @property
    def room(self) -> float:
        """How wide the text may be, in millimeters."""
        return self.w - 2 * MARGIN

    @property
    def bottom(self) -> float:
        return self.h - MARGIN - FOOT

    def start_page(self) -> None:
        self.add_page()
        self.top = MARGIN

    def footer(self) -> None:
        """The practice, the period, and the number of the page."""
        self.set_draw_color(*LINE)
        at = self.h - MARGIN - 3
        self.line(MARGIN, at - 4, self.w - MARGIN, at - 4)
        self.place(MARGIN, at, self.lines(self.foot, TEXT, HEADS)[0], HEADS, QUIET)
        self.set_font(TEXT, size=HEADS)
        self.current_font_is_set_on_page = False  # whatever the last line of the page was in
        self.set_text_color(*QUIET)
        self.set_xy(self.w - MARGIN - 60, at - 3)
        words = self.page_words % {"number": self.page_no(), "all": PAGES}
        self.cell(60, 4, words, align="R", new_x=XPos.RIGHT, new_y=YPos.TOP)

    # --- text

    def lines(self, text: str, face: str, size: float, width: float = 0.0) -> list[Line]:
        """The lines of a text in a column of that many millimeters; one line if it is 0. What comes again is made once."""
        key = (text, face, size, width)
        found = self.known_lines.get(key)
        if found is None:
            clean, room = printable(text), width / (size * POINT)
            whole = list(runs(clean, face))
            if not width or sum(run.width for run in whole) <= room:
                found = [self.line_of(whole, size)]
            else:
                found = [self.line_of(runs(piece, face), size) for piece in wrapped(clean, face, room)]
            if len(text) < REMEMBERED:
                self.known_lines[key] = found
        return found

    def line_of(self, pieces: Iterable[Run], size: float) -> Line:
        """A line as the document has it. The typeface for other scripts is loaded when it is first needed."""
        made = []
        for run in pieces:
            if run.face == OTHER and OTHER not in self.fonts:
                self.add_font(OTHER, fname=FOLDER / FILES[OTHER])
            made.append((run.face, self.fonts[run.face].encode_text(run.text), run.width * size * POINT))
        return Line(tuple(made))

    def place(self, left: float, base: float, line: Line, size: float, color: Color = INK) -> None:
        """A line from `left` on, on the baseline `base`."""
        self.show([(left, base, line)], size, color)

    def show(self, placed: Sequence[tuple[float, float, Line]], size: float, color: Color) -> None:
        """Lines of one size and color, in one text object: a cell of fpdf2's own takes as long as a row of these."""
        red, green, blue = (part / 255 for part in color)
        parts = [f"q {red:.3f} {green:.3f} {blue:.3f} rg BT"]
        face_now = ""
        for left, base, line in placed:
            at, high = left * self.k, (self.h - base) * self.k
            for face, text, width in line.runs:
                if face != face_now:
                    parts.append(f"/F{self.font_number(face)} {size:.2f} Tf")
                    face_now = face
                parts.append(f"1 0 0 1 {at:.2f} {high:.2f} Tm {text}")
                at += width * self.k
        self._out(" ".join([*parts, "ET Q"]))

    def font_number(self, face: str) -> int:
        """The number of a typeface in the document, which this page then knows, too."""
        font = self.fonts[face]
        if (self.page, face) not in self.on_page:
            self.on_page.add((self.page, face))
            self._set_font_for_page(font, HEADS)
        return font.i

    def paragraph(
        self, text: str, face: str = TEXT, size: float = BODY, color: Color = INK, width: float = 0.0, gap: float = 2.5
    ) -> None:
        """A paragraph of at most `width` millimeters, below what is there."""
        step = size * LEADING * POINT
        for line in self.lines(text, face, size, width or min(self.room, READABLE)):
            if self.top + step > self.bottom:
                self.start_page()
            self.place(MARGIN, self.top + size * POINT, line, size, color)
            self.top += step
        self.top += gap

    def heading(self, text: str, size: float = 17.0, level: int = 0, needs: float = 40.0) -> None:
        """A heading, which is a bookmark; on a new page unless `needs` millimeters are left on this one."""
        if self.top > MARGIN and self.top + needs > self.bottom:
            self.start_page()
        elif self.top > MARGIN:
            self.top += 7
        self.start_section(text, level=level)
        self.paragraph(text, HEAD, size, gap=1.5)

    # --- tables

    def draw_rows(
        self, heads: Sequence[str], weights: Sequence[float], rows: Iterable[Sequence[str]], numbers: Sequence[bool]
    ) -> None:
        """A table as wide as the page. `numbers`: of which columns are numbers, which stand to the right.

        A row that is higher than a page goes on below the head of the next one.
        """
        whole = sum(weights)
        widths = [self.room * weight / whole for weight in weights]
        self.head_row(heads, widths, numbers)
        step = CELL * LEADING * POINT
        for row in rows:
            cells = [self.lines(cell, TEXT, CELL, width - 2 * PAD) for cell, width in zip(row, widths, strict=True)]
            while cells:
                height = max(map(len, cells)) * step + 2 * PAD
                if self.top + height > self.bottom:
                    self.start_page()
                    self.head_row(heads, widths, numbers)
                fit = int((self.bottom - self.top - 2 * PAD) / step)  # at least those of a whole page
                self.cells([cell[:fit] for cell in cells], widths, numbers, CELL)
                self.top += min(height, fit * step + 2 * PAD)
                cells = [cell[fit:] for cell in cells] if any(cell[fit:] for cell in cells) else []
            high = (self.h - self.top) * self.k
            self._out(f"{MARGIN * self.k:.2f} {high:.2f} m {(self.w - MARGIN) * self.k:.2f} {high:.2f} l S")
        self.top += 3

    def head_row(self, heads: Sequence[str], widths: Sequence[float], numbers: Sequence[bool]) -> None:
        cells = [self.lines(head, HEAD, HEADS, width - 2 * PAD) for head, width in zip(heads, widths, strict=True)]
        height = max(map(len, cells)) * HEADS * LEADING * POINT + 2 * PAD
        if self.top + height + 12 > self.bottom:
            self.start_page()
        self.set_draw_color(*LINE)
        self.set_fill_color(*WASH)
        self.rect(MARGIN, self.top, self.room, height, style="F")
        self.cells(cells, widths, numbers, HEADS)
        self.top += height

    def cells(self, cells: Sequence[Sequence[Line]], widths: Sequence[float], numbers: Sequence[bool], size: float) -> None:
        """The lines of one row, from the top on."""
        placed, left, step = [], MARGIN, size * LEADING * POINT
        for lines, width, is_number in zip(cells, widths, numbers, strict=True):
            base = self.top + PAD + size * POINT
            for line in lines:
                placed.append((left + (width - PAD - line.width if is_number else PAD), base, line))
                base += step
            left += width
        self.show(placed, size, INK)

    # --- figures

    def figures(self, pairs: Sequence[tuple[str, str]], across: int = 4) -> None:
        """Large numbers with what they count, some of them beside each other."""
        width, height = (self.room - (across - 1) * 4) / across, 23.0
        for start in range(0, len(pairs), across):
            left = MARGIN
            for number, caption in pairs[start : start + across]:
                self.set_fill_color(*WASH)
                self.rect(left, self.top, width, height, style="F")
                self.place(left + 4, self.top + 9.5, self.lines(number, HEAD, 20)[0], 20, ACCENT)
                for at, line in enumerate(self.lines(caption, TEXT, 9, width - 8)[:2]):
                    self.place(left + 4, self.top + 15.2 + at * 4.2, line, 9, QUIET)
                left += width + 4
            self.top += height + 4

    def wordmark(self, brand: str, kind: str) -> None:
        """The brand at the head of the first page."""
        self.set_fill_color(*ACCENT)
        self.rect(0, 0, self.w, 15, style="F")
        self.place(MARGIN, 9.6, self.lines(brand, HEAD, 13)[0], 13, PAPER)
        [line] = self.lines(kind, TEXT, 9.5)
        self.place(self.w - MARGIN - line.width, 9.4, line, 9.5, PAPER)
        self.top = 24
