"""What every HTTP server of ours stands on, whatever it serves: listening and stopping, limits on heads and bodies, and
who may talk to it at all (Host and Origin)."""
