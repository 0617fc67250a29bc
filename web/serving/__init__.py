"""Keeps public pages and answers from memory. Makes no page and decides nothing of what stands on one.

`answering` wraps a handler, `reads` notices what it reads of a request, `shelf` keeps pages within a bound, `encodings`
packs them, `quick` answers known requests before aiohttp reads them, and `listening` opens a server that does so.
"""
