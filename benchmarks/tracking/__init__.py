"""The tracking benchmark: MLflow, FastTrackML and Headrace side by side, all on SQLite, on this machine.

Every system gets the same requests from a separate process (wrk), written before the clock starts; beside each
figure stands the ceiling: what the same load reaches against a server that does nothing. A figure is the median
of its repeats. Each group of rows starts its servers on empty databases, one server at a time.
"""
