"""The demonstration's own small internet: sites like the partners', with texts of our own. Nothing looks outside."""
