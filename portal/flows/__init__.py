"""What happens, as verbs: one function, one transaction."""
