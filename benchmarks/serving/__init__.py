"""Serving on Headrace, MLflow, plain FastAPI, LitServe and BentoML: requests per second, latency, tokens, memory."""
