"""The mailboxes of the demo accounts, as the test bench shows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mail:
    """One email as its recipient sees it."""

    to: str
    subject: str
    text: str
    links: tuple[str, ...]

    @property
    def link(self):
        """Returns the path of its only link."""
        (address,) = self.links
        return address


def mails(browser, to=None, subject=None):
    """Returns the emails, newest first, filtered by recipient or subject. The browser's current page does not change."""
    reader = browser.another(secrets=[])
    reader.open("/test-bench")
    found = []
    for article in reader.page.all("article"):
        head, _, rest = article.one("p", **{"class": "hint"}).text.removeprefix("To ").partition(", ")
        if not article.all("h3"):
            continue  # a text, not an email
        text = "\n\n".join(part.raw_text for part in article.all("p") if "text" in part.classes)
        links = tuple(anchor["href"] for anchor in article.all("a"))
        found.append(Mail(head, article.one("h3").text, text, links))
        assert rest
    return [mail for mail in found if to in (None, mail.to) and subject in (None, mail.subject)]


def told(browser, subject):
    """Returns the sorted recipients of emails with this subject."""
    return sorted(mail.to for mail in mails(browser, subject=subject))
