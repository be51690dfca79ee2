"""What every page shares: drawing, redirects, the session cookie, headers, error pages, static files, the words of an email."""
