"""Account Settings, the same pages on every side: Security, sessions, Profile, and proving who you are before a change."""
