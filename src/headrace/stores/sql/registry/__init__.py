"""Registered models and versions on SQLite and PostgreSQL.

Every write takes the model's row first (FOR UPDATE on PostgreSQL, where any number of servers write), so that the
entries of its journal are in the order of commits, and numbers of versions have no gap and no twin.
"""
