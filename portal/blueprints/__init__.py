"""Views: read the request, call one flow, answer with a page, a refusal, or a redirect."""
