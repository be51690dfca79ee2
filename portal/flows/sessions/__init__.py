"""Sessions on the server, and browsers trusted to stand in for a code."""
