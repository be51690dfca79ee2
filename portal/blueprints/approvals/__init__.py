"""Dual control: requests that need a second person's approval, and reviews of emergency access."""
