"""What operation sees of the portal: whether it is alive and ready."""
