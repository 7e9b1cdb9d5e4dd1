import mlflow.models
import mlflow.pyfunc


class Difference(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["a"] - model_input["b"]


mlflow.models.set_model(Difference())
