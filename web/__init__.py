"""What the public sees, and the command line that starts it all."""
