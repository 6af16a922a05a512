"""Time and memory of the package, against the plain way of doing the same.

Each item is a module with a function ``rows``, which measures; ``run`` runs
them and writes the table.
"""
