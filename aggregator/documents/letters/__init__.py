"""Newsletters (RFC 5322, MIME)."""
