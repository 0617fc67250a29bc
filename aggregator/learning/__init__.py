"""What editors' decisions teach: which waiting items they are likely to want, and tags that the words missed."""
