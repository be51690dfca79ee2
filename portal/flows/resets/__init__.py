"""Resetting someone else's two-factor authentication: request, approval, the reset, and the link to set it up again (AD-1 to AD-5)."""
