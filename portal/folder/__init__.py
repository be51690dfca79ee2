"""The auditor's folder as files: tables in words, a report to read, sums, a manifest, and a signature that anybody can check."""
