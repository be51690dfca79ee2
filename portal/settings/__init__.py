"""Settings: constants with their reasons, and what the operator sets in the environment."""
