"""Signing in, and resetting or changing a password."""
