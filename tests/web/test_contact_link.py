"""The address for help as a link, whatever the operator wrote there; a phone number as people dial it."""

import pytest

from portal import phones
from portal.web.template_context import contact_link


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("help@portal.example", '<a href="mailto:help@portal.example" translate="no">help@<wbr>portal.example</a>'),
        ("a+b&c@x.example", '<a href="mailto:a%2Bb%26c@x.example" translate="no">a+b&amp;c@<wbr>x.example</a>'),
        ("(503) 555-0142", '<a class="whole" href="tel:+15035550142" translate="no">(503) 555-0142</a>'),
        ("+82 2-555-0142", '<a class="whole" href="tel:+8225550142" translate="no">+82 2-555-0142</a>'),
        ("the front desk", '<span translate="no">the front desk</span>'),
        ("help@a.example or help@b.example", '<span translate="no">help@a.example or help@b.example</span>'),
        ("@portal", '<span translate="no">@portal</span>'),
        ('"><script>@x', '<a href="mailto:%22%3E%3Cscript%3E@x" translate="no">&#34;&gt;&lt;script&gt;@<wbr>x</a>'),
    ],
)
@pytest.mark.once("writes a link from words that stand here")
def test_an_address_or_a_number_is_a_link_and_anything_else_is_text(app, contact, expected):
    with app.test_request_context():
        assert contact_link(contact) == expected


@pytest.mark.parametrize(
    ("written", "dialed"),
    [("(608) 555-0117", "+16085550117"), ("1 503 555 0142", "+15035550142"), ("+44 20 7946 0018", "+442079460018")]
    + [(none, "") for none in ("", "call us", "12", "5" * 40)],
)
def test_a_written_number_is_dialed_with_its_country(written, dialed):
    assert phones.dial(written, "US") == dialed


def test_support_is_one_tap_away(plain):
    plain.open("/help/contact")
    assert plain.page.one("main").one("a", href="mailto:support@medximity.example").text == "support@medximity.example"
