"""The registry beside MLflow's: both servers on SQLite, filled alike, asked the same by wrk in one run."""
