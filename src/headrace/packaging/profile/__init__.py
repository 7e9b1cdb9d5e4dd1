"""What a model's data look like, without the data: counts, quantiles and categories by column.

`profile_of` makes one of a frame or arrays; `merge` joins two as if their rows had been seen together. A model folder
keeps that of its training input in `profile.json`, which MLflow ignores.
"""

from headrace.packaging.profile.by_signature import answers, profile_by, with_outputs
from headrace.packaging.profile.categories import Categories
from headrace.packaging.profile.column import Column
from headrace.packaging.profile.profile import FILE_NAME, Profile, profile_of, read, write
from headrace.packaging.profile.quantiles import Quantiles

__all__ = [
    "FILE_NAME",
    "Categories",
    "Column",
    "Profile",
    "Quantiles",
    "answers",
    "profile_by",
    "profile_of",
    "read",
    "with_outputs",
    "write",
]
