"""From the bytes of a document to plain values; pure, so that it can run in a process that may be killed."""
