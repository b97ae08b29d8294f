"""Formats of places: a table of those that are read, and decoders that open nothing but the file itself.

No drivers, links, views or addresses. Nothing heavy is imported here, for a scenario is checked by the table alone.
"""
