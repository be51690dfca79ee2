"""Territories that come with a country in PORTAL_SMS_COUNTRIES: they share its numbering plan or regulator, and its carriers.

libphonenumber gives their numbers regions of their own, so that a list of countries alone refuses them as foreign.
Read on 2026-11-29.
"""

# Country -> its territories, by ISO 3166 code. The source says whose plan numbers them.
TERRITORIES: dict[str, tuple[str, ...]] = {
    # NANPA, area codes of US territories: 787 and 939, 671, 340, 684, 670. The FCC regulates their carriers.
    "US": ("PR", "GU", "VI", "AS", "MP"),
    # Ofcom, National Telephone Numbering Plan: the Crown dependencies are numbered in +44.
    "GB": ("GG", "JE", "IM"),
    # Arcep, decision 2018-0881 (national numbering plan), which also numbers the overseas departments and Saint-Pierre-et-Miquelon.
    # New Caledonia, French Polynesia, and Wallis and Futuna have regulators and plans of their own.
    "FR": ("GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"),
    # Bonaire, Sint Eustatius, and Saba are part of the Netherlands, whose minister numbers them (Wet telecommunicatievoorzieningen BES).
    # They share +599 with Curaçao, which, like Aruba and Sint Maarten, is a country with a regulator of its own.
    "NL": ("BQ",),
    # ACMA, Telecommunications Numbering Plan: Cocos (Keeling) Islands and Christmas Island are numbered in +61.
    "AU": ("CC", "CX"),
    # Nkom, Norwegian numbering plan for telephony (E.164): Svalbard and Jan Mayen are numbered in +47.
    "NO": ("SJ",),
    # Traficom, Regulation 32 on numbering: Åland is numbered in +358.
    "FI": ("AX",),
}
