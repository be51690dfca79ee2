"""Second factors and backup codes: set up, challenged, checked, renamed, removed, turned off."""
