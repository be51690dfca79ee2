"""The outside world: mail and text messages. Its carriers come with the first real server they hand over to."""
