"""Second factors: set up, asked for, checked, renamed, removed, turned off; backup codes."""
