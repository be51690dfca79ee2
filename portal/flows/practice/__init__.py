"""A practice: administrators, the team's Security Status, the set-up deadline, reminders, charts."""
