"""What the pages of every side share: guards, flash messages, kept input."""
