"""Artifact storage: files below a root, wherever that root lies."""
