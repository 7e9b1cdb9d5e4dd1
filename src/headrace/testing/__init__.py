"""Suites that hold an implementation of one of our contracts to its promises, for ours and for plugins.

They are pytest classes: subclass one, give the fixture that it names, run pytest. Needs pytest installed.
"""
