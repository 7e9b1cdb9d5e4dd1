"""How long a training waits for its logging, beside the peers' clients."""
