"""Sessions on the server, and browsers that are trusted in place of a code."""
