"""Numbering plans that changed: a mobile number as older address books still have it becomes the number it is now. Pure.

Only changes of the last ten years that keep a number's owner, by a rule that the regulator published, and whose old numbers can't be
anybody's today. Not here: Korea's 011 to 019, which libphonenumber takes as they are, and whose new numbers depend on the exchange.
Sources read on 2026-11-29.
"""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

# Vietnam, 15 September 2018, old numbers off since 15 November 2018 (Ministry of Information and Communications, decision 798/QD-BTTTT
# and the operators' plans; MobiFone, VinaPhone, Viettel, Vietnamobile, Gmobile): eleven digits became ten.
VIETNAM = {
    **dict(zip(("120", "121", "122", "126", "128"), ("70", "79", "77", "76", "78"), strict=True)),  # MobiFone
    **dict(zip(("123", "124", "125", "127", "129"), ("83", "84", "85", "81", "82"), strict=True)),  # VinaPhone
    **{f"16{digit}": f"3{digit}" for digit in range(2, 10)},  # Viettel
    "186": "56",
    "188": "58",  # with 186: Vietnamobile
    "199": "59",  # Gmobile
}

# An E.164 number of before, and what it became, as a template of re.Match.expand().
CHANGES = (
    # Mexico, 3 August 2019 (IFT, Plan Técnico Fundamental de Numeración, DOF of 11 May 2018): the 1 after +52 went, as did 01, 044, 045.
    (r"\+52(?:1|01|044|045)([2-9]\d{9})", r"+52\1"),
    # Brazil, area by area until 6 November 2016, old numbers off in 2017 (Anatel, resolution 553/2010): a 9 before the eight digits of
    # mobile numbers. Not before a 7: those of trunked radio kept eight.
    (r"\+55([1-9][1-9])([689]\d{7})", r"+55\g<1>9\2"),
    # Côte d'Ivoire, 31 January 2021 (ARTCI; ITU Operational Bulletin 1201): eight digits became ten, by operator, which the second
    # digit of the old number tells: Moov 01, MTN 05, Orange 07.
    (r"\+225(0[1-3]\d{6}|[457][0-3]\d{6})", r"+22501\1"),
    (r"\+225([04-9][4-6]\d{6})", r"+22505\1"),
    (r"\+225([04-8][7-9]\d{6}|9[78]\d{6})", r"+22507\1"),
    # Benin, 30 November 2024 (ARCEP Bénin): 01 before all eight digits.
    (r"\+229([4-69]\d{7})", r"+22901\1"),
    # Gabon, 15 November 2019, old numbers off since 6 April 2024 (ARCEP; ANINF, notice of 29 February 2024). libphonenumber still takes
    # the old ones, which no longer work.
    (r"\+2410([256]\d{6})", r"+2416\1"),
    (r"\+2410([47]\d{6})", r"+2417\1"),
    # Kosovo, +383 since 15 December 2016 (ITU), Slovenia's +386 off by 2019 (ARKEP). Its numbers under +377 44, +377 45, and +386 43 can
    # be somebody else's by now.
    (r"\+386(49\d{6})", r"+383\1"),
    *((rf"\+84{old}(\d{{7}})", rf"+84{new}\1") for old, new in VIETNAM.items()),
)


def update_number(number: PhoneNumber) -> PhoneNumber:
    """The number it is now, if it is written as it was before its numbering plan changed; otherwise the same."""
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for old, new in CHANGES:
        if found := re.fullmatch(old, written, re.ASCII):
            return phonenumbers.parse(found.expand(new))
    return number
