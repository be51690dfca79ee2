"""Pages that need no session: sign-in, links from emails, "This wasn't me", help."""
