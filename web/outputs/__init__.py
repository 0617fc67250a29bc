"""The stream for programs: feeds, lists, what describes a page to search engines and to who embeds it."""
