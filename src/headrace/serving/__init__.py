"""A model behind HTTP, in processes of its own.

    app/          what a client sees: routes, errors, metrics, the page to try a model; reads no payload
    deployment    a name that is served: which version answers, which mirrors, how one takes another's place
    workers/      the model's processes: started, fed, watched, replaced
    batching/     when the waiting requests of a model go to it together
    hosts/        inside a model's process: decode, predict, split, encode; or a chat engine that is never idle
    image/        a model as a container image

A request's body stays bytes until it is in the model's process, so that the one that all requests pass does little for
each of them. `call` has the records that travel, `facts` what a process says of its model, `source` where versions come
from, `observe` what is told about each answered request.
"""
