"""Forms validate shape, and nothing else: a flow decides whether what was typed is right."""
