"""From a source to an item that waits for a decision. Knows nothing of editors' pages or the public web."""
