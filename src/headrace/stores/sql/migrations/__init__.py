"""Versions of the schema, their DDL and how it is made: `revisions`."""
