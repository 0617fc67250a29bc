"""What the interfaces and pages of social networks and of WordPress answer."""
