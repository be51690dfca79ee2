"""The help center's articles, one folder of Markdown files for each language, and their search."""
