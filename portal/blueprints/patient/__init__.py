"""The patient portal: home, Account Settings."""
