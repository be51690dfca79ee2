"""What all pages share: rendering, redirects, the session cookie, headers, error pages, static files, and the text of emails."""
