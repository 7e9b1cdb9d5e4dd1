"""Inside a model's process: from a call's bytes to its answer's."""
