"""What the machine does while a run is open, as metrics `system/…` of the run: under MLflow's names, at its pace.

    start_run → sampler (one thread a process) → watch (one a run) → sensors → sink

The thread alone reads sensors, so that a slow one keeps nobody but the next sample waiting.
A forked child has neither the thread nor the watches: what its parent has open is its parent's to measure.
"""
