"""Signing in, and a new password for someone who forgot theirs."""
