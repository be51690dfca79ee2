"""Account recovery, for people who cannot sign in: request, status, stop, and the way into set-up."""
