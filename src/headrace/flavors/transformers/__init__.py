"""Hugging Face Transformers: pipelines, as their checkpoint's own files (safetensors) and MLflow's keys.

flavor.py      save, load, load_pyfunc
given.py       what a caller hands in (pipeline, dict of components, checkpoint folder), looked at
writing.py     weights, components, cards and licences into the folder
loading.py     out of it again: local, from the hub by commit, or a base model with its adapter
adapters.py    PEFT
hub.py         where a model came from: repository and commit, told without a network where that can be
tasks.py       tasks: signatures, pyfunc or not, names in transformers 4 and 5
predictor.py   pipelines as pyfunc models; forms.py has their inputs and answers
engine.py      llm/v1/chat and llm/v1/completions; sampling.py picks its tokens, decoding.py spells them
embeddings.py  llm/v1/embeddings
"""

from headrace.flavors.transformers.flavor import FLAVOR, Transformers

__all__ = ["FLAVOR", "Transformers"]
