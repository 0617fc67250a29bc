"""The editors' room: the queue, decisions, sign-in and their pages. Knows nothing of the public web."""
