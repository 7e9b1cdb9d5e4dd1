"""The processes of a model, and the pool that feeds them.

pool        the calls that wait, and who gets them when
crew        as many processes as asked for, whatever becomes of them
worker      one process, as the front sees it
frames      what travels between the two
main        where a process begins: loads the model, then serves it or is the template that others are forked from
"""

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["Load", "LoadFailed", "Pool", "PoolOptions"]

if TYPE_CHECKING:
    from headrace.serving.workers.failures import LoadFailed
    from headrace.serving.workers.options import PoolOptions
    from headrace.serving.workers.pool import Load, Pool
else:
    # A model's process needs none of this, and comes through here.
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "Load": "headrace.serving.workers.pool:Load",
            "LoadFailed": "headrace.serving.workers.failures:LoadFailed",
            "Pool": "headrace.serving.workers.pool:Pool",
            "PoolOptions": "headrace.serving.workers.options:PoolOptions",
        },
    )
