"""Environments that models and projects run in: what they ask for, what is installed here, and building the rest."""
