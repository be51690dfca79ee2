"""What axe has looked at in this run. Its workers tell each other by a file, before and after each look."""

from tests.support.sites import locked


class Looks:
    """Parts of pages that axe has looked at, see PARTS in tests/support/rules.py; each is one line."""

    def __init__(self):
        self.parts = set()
        self.file = None
        self.read = 0  # bytes of the file

    def share(self, file):
        """Shares with the run's other workers what this one looks at from now on, and learns what they have looked at."""
        if file != self.file:
            self.file, self.read = file, 0

    def cover(self, parts):
        """Returns whether axe has looked at all of these parts, here or in another worker."""
        if not parts <= self.parts and self.file:
            with locked(self.file.with_suffix(".lock")), self.file.open("a+b") as shared:
                shared.seek(self.read)
                self.parts.update(shared.read().decode().splitlines())
                self.read = shared.tell()
        return parts <= self.parts

    def add(self, parts):
        """Notes what axe has looked at."""
        new = parts - self.parts
        self.parts |= new
        if self.file:
            with locked(self.file.with_suffix(".lock")), self.file.open("ab") as shared:
                shared.write("".join(f"{part}\n" for part in new).encode())


LOOKS = Looks()  # of this worker
