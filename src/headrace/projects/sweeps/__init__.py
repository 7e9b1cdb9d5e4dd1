"""Sweeps: many runs of one project, below one parent run, that differ in their parameters.

What is varied (`space`) and how (`plan`) is checked and kept in the parent's tags; a proposer (`proposals`) says which
parameters come next; the `conductor` runs them, some at a time; the parent gets a `summary`. All that a sweep knows
stands in its runs: it can be stopped at any time, also by a power cut, and go on from any machine that has the store.
"""
