"""Runs a job in the model's environment: python -m headrace.packaging.batch FD JOB."""

import sys

from headrace.packaging.batch.job import child

if __name__ == "__main__":
    sys.exit(child(int(sys.argv[1]), sys.argv[2].encode()))
