"""A model as a container image: what is in it (`contents`), its Dockerfile (`dockerfile`), the folder that an engine
builds it from (`context`), and what its entry point does (`__main__`, run in the container).

The image holds a virtual environment and the model, listens on 8080, runs as nobody in particular and needs no
writable place but /tmp.
"""
