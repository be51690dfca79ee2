"""Account Settings, the same pages on every side: Security, sessions, Profile, and step-up before a change."""
