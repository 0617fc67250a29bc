"""What is kept, and how it is read and changed. Knows SQL; knows nothing of fetching, thinking or pages."""
