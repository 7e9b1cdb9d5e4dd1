"""Projects on Headrace and MLflow: how long a run takes beside its command, an environment, a sweep."""
