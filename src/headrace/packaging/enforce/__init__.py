"""Data against a model's signature."""
