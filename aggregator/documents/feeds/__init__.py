"""Feeds of every format: RSS, Atom, RDF and JSON Feed, read quickly where that is sure, thoroughly where it is not."""
