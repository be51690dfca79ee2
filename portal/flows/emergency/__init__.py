"""Emergency access (break-glass): asked for, decided by two people, reading only, reviewed afterwards (AD-6)."""
