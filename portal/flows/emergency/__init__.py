"""Emergency access (break-glass): requested, approved by a second person, read-only, reviewed afterwards (AD-6)."""
