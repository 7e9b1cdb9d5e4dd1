"""A network is trained and logged twice: exported, for predictions alone, and pickled, to be trained on."""

import mlflow
import mlflow.pytorch
import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int) -> float:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        mlflow.log_metric("loss", loss.item(), step=step)
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.rand(64, 2)
    y = x[:, :1] * x[:, 1:]
    model = Net()
    with mlflow.start_run() as run:
        train(model, x, y, 50)
        model.eval()
        exported = mlflow.pytorch.log_model(model, name="exported", input_example=x[:4].numpy())
        pickled = mlflow.pytorch.log_model(model, name="pickled", serialization_format="pickle")
        mlflow.pytorch.log_state_dict(model.state_dict(), artifact_path="state")
    expected = model(x).detach().numpy()

    loaded = mlflow.pyfunc.load_model(exported.model_uri, model_config={"device": "cpu"})
    assert np.allclose(loaded.predict(x.numpy()), expected, atol=1e-6)
    print(f"exported: {exported.signature.inputs.inputs[0]}")

    again = mlflow.pytorch.load_model(pickled.model_uri)
    assert isinstance(again, Net)
    assert np.allclose(again(x).detach().numpy(), expected, atol=1e-6)
    again.train()
    with mlflow.start_run():
        print(f"trained on, loss below 0.05: {train(again, x, y, 50) < 0.05}")

    fresh = Net()
    fresh.load_state_dict(mlflow.pytorch.load_state_dict(f"runs:/{run.info.run_id}/state"))
    assert np.allclose(fresh.eval()(x).detach().numpy(), expected, atol=1e-6)
    print("state dict is the same")
