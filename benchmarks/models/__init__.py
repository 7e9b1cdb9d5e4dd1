"""The models benchmark: the same calls on Headrace and genuine MLflow, each in its own environment, turn by turn."""
