"""Whether what a model is asked still looks like what it was trained on.

`measures` holds the figures of two columns; `compare` judges two profiles; `gather` makes a profile of samples that a
server kept; `picture` draws, `record` keeps what was found in a run.
"""
