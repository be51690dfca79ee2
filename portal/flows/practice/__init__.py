"""A practice: its administrators, its team's security status, the set-up deadline, reminders, charts."""
