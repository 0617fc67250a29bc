"""How fast this program is, measured side by side with its peers in one run. Nothing here is part of the program."""
