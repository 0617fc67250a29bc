"""Those who are measured: each is a command line that reads a list of feeds and writes a database of its own."""
