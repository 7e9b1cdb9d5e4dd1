"""Schemas from examples of data."""
