"""Where projects run: on this machine, or through what a backend speaks to. One backend a file, one `submit` each."""
