"""Requests and answers of served models, kept on disk to be looked at later: by `headrace monitor`, or as a table.

`open_samples` gives an observer for the process that answers; a thread of it writes. Files are segments of records that
only grow, each of one process, the oldest of which go when the folder has its size; `read` may run meanwhile.
"""

from headrace.serving.samples.keeper import Samples, open_samples
from headrace.serving.samples.record import Sample
from headrace.serving.samples.segments import read

__all__ = ["Sample", "Samples", "open_samples", "read"]
