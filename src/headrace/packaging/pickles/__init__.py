"""What the files of a model would import and run if they were loaded, without loading them."""

from headrace.packaging.pickles.findings import Finding, is_alarming
from headrace.packaging.pickles.scan import scan, scan_file
from headrace.packaging.pickles.skops import SKOPS
from headrace.packaging.pickles.streams import Budget

__all__ = ["SKOPS", "Budget", "Finding", "is_alarming", "scan", "scan_file"]
