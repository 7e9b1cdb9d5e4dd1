"""Models of any library: MLmodel, signatures, examples, and what can be asked of a saved model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "Model",
    "ModelConfig",
    "ModelSignature",
    "Resource",
    "ResourceType",
    "auth_policy",
    "build_docker",
    "convert_input_example_to_serving_input",
    "generate_dockerfile",
    "get_model_info",
    "infer_signature",
    "model",
    "predict",
    "resources",
    "set_model",
    "set_signature",
    "signature",
    "update_model_requirements",
    "utils",
    "validate_schema",
    "validate_serving_input",
]

if TYPE_CHECKING:
    from headrace.client.batch import predict
    from headrace.client.model_class import Model
    from headrace.client.model_files import get_model_info, set_signature, update_model_requirements
    from headrace.client.python_models import validate_serving_input
    from headrace.deployments.images import build_docker, generate_dockerfile
    from headrace.models import auth_policy, model, resources, signature, utils
    from headrace.packaging.enforce import validate_schema
    from headrace.packaging.pyfunc.code_model import ModelConfig, set_model
    from headrace.packaging.served_resources import Resource, ResourceType
    from headrace.packaging.serving_input import serving_input_of as convert_input_example_to_serving_input
    from headrace.packaging.signature import ModelSignature, infer_signature
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "Model": "headrace.client.model_class:Model",
            "ModelConfig": "headrace.packaging.pyfunc.code_model:ModelConfig",
            "ModelSignature": "headrace.packaging.signature:ModelSignature",
            "Resource": "headrace.packaging.served_resources:Resource",
            "ResourceType": "headrace.packaging.served_resources:ResourceType",
            "auth_policy": "headrace.models.auth_policy",
            "build_docker": "headrace.deployments.images:build_docker",
            "convert_input_example_to_serving_input": "headrace.packaging.serving_input:serving_input_of",
            "generate_dockerfile": "headrace.deployments.images:generate_dockerfile",
            "get_model_info": "headrace.client.model_files:get_model_info",
            "infer_signature": "headrace.packaging.signature:infer_signature",
            "model": "headrace.models.model",
            "predict": "headrace.client.batch:predict",
            "resources": "headrace.models.resources",
            "set_model": "headrace.packaging.pyfunc.code_model:set_model",
            "set_signature": "headrace.client.model_files:set_signature",
            "signature": "headrace.models.signature",
            "update_model_requirements": "headrace.client.model_files:update_model_requirements",
            "utils": "headrace.models.utils",
            "validate_schema": "headrace.packaging.enforce:validate_schema",
            "validate_serving_input": "headrace.client.python_models:validate_serving_input",
        },
        otherwise="headrace.client.absent:lookup",
    )
