"""The processes of one revision: started, fed by `batching`, watched, replaced, drained."""
