"""What waits for a second person, of every kind (dual control)."""
