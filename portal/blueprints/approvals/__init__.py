"""What waits for a second person: decided here; emergency access is reviewed here."""
