"""Web pages, and what stands beside them."""
