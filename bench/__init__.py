"""What the portal costs beside a bare floor on the same server, in the same run: `make bench`."""
