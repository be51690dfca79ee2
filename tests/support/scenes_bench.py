"""The test bench's phone and mailbox, as scenes for a test and for `make screenshots`."""


def phone(walker, town):
    """A person's phone: new, refused, with an account, with a dead battery, and the second one."""
    person = town.newcomer()
    here = f"/test-bench/phones/{person.username}"
    walker.page.goto(here)
    walker.take("new")
    walker.press("Scan the QR code")
    walker.take("nothing-to-scan")
    walker.page.locator("summary").last.click()
    walker.press("Add another company's account")
    walker.take("account")
    walker.page.goto(f"{here}/2")
    walker.take("second")
    walker.page.locator("#power").select_option("dead")
    walker.press("Save settings")
    walker.take("dead")


def mailbox(walker, town):
    """The mailbox with an email, one that finds none, and the email with what its links answer."""
    person = town.newcomer()
    walker.sign_in(person)
    walker.page.goto(f"/test-bench/mailbox?to={person.username}@example.test")
    walker.take("list")
    walker.page.goto("/test-bench/mailbox?q=no-such-word")
    walker.take("none")
    walker.page.goto(f"/test-bench/mailbox?to={person.username}@example.test")
    with walker.leaving():
        walker.page.locator(".mails a").first.click()
    walker.take("email")
    walker.press("Check the links")
    walker.take("links")


BENCH_SCENES = {"bench_phone": phone, "bench_mailbox": mailbox}
