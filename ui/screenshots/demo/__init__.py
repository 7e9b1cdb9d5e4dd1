"""Lifelike data for looking at the pages: written by the public client, from a seed, with no network."""
