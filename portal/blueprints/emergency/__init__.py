"""Emergency access (break-glass): requesting it, and what such a session may open."""
