"""A process that serves pages: how it reads requests, and which of them gets a thread next."""
