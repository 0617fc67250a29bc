"""One file a bench; each has `measure(scale)`, which gives its lines for the table."""
