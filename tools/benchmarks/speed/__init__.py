"""Measurements of time and memory, compared with a plain implementation.

Each item is a module whose function ``rows`` measures. ``run`` runs the items and
writes the table.
"""
