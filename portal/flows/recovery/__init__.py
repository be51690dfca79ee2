"""Account recovery: the way back for people who lost every way in (RC-1 to RC-9)."""
