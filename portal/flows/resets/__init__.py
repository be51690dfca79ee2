"""Resetting two-factor authentication for someone else: asked for, decided, done, and the link that sets up again (AD-1 to AD-5)."""
