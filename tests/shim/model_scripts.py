"""What each script of examples/models says, under ours and under the genuine MLflow."""

SAYS = {
    "nested_models.py": r"average of 2 models, params \['weights': double",
    "pytorch_net.py": r"exported: Tensor\('float32', \(-1, 2\)\)\n(.*\n)?trained on, loss below 0\.05: True\n"
    r"state dict is the same",
    "registered_models.py": r"champion: version 2, C = 0\.1, Production, READY\n(.*\n)*"
    r"again: version 3; copy of models:/breast cancer/2 is production 1\n"
    r"breast cancer: versions 1, 2, 3; \['champion'\], {'task': 'classification'}\n"
    r"deleted: RESOURCE_DOES_NOT_EXIST\nleft: \['breast cancer'\]",
    "sklearn_search.py": r"best is C=0\.1 with 1\.000\n13 columns, first 'alcohol': double \(required\)\n"
    r"refused: INVALID_PARAMETER_VALUE, for alcohol: True\n3 logged models, all ready: True",
    "xgboost_boosters.py": r"booster: 569 rows, margins below zero: True\nclassifier: 10 trees, format json",
}
