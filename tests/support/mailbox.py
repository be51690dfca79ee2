"""The mailboxes of the demo accounts, as the test bench shows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mail:
    """One mail as its reader has it."""

    to: str
    subject: str
    text: str
    links: tuple[str, ...]

    @property
    def link(self):
        """Returns the path of its one address."""
        (address,) = self.links
        return address


def mails(browser, to=None, subject=None):
    """Returns the mails, newest first, to an address or with a subject where one is named. The browser's page stays."""
    reader = browser.another(secrets=[])
    reader.open("/test-bench")
    found = []
    for article in reader.page.all("article"):
        head, _, rest = article.one("p", **{"class": "hint"}).text.removeprefix("To ").partition(", ")
        if not article.all("h3"):
            continue  # a text, not a mail
        text = "\n\n".join(part.raw_text for part in article.all("p") if "text" in part.classes)
        links = tuple(anchor["href"] for anchor in article.all("a"))
        found.append(Mail(head, article.one("h3").text, text, links))
        assert rest
    return [mail for mail in found if to in (None, mail.to) and subject in (None, mail.subject)]


def told(browser, subject):
    """Returns the sorted addresses that a mail with this subject went to."""
    return sorted(mail.to for mail in mails(browser, subject=subject))
