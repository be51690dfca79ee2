"""What can be set: every number with its reason, and what the operator sets in the environment."""
