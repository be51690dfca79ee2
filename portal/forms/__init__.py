"""Forms validate shape only; flows decide whether the input is right."""
