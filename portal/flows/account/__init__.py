"""A person's own pages: Security, Profile, sessions and Recent activity, "This wasn't me"."""
