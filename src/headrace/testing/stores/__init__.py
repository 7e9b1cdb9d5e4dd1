"""What a store must do, as tests.

    class TestMyStore(TrackingStoreSuite):
        @pytest.fixture
        def store(self) -> Iterator[TrackingStore]: ...

The store may be shared by all tests and may hold other data: each test works in experiments of its own. Errors are
told apart by their wire code, so a store behind a server passes too. Put `pytest.register_assert_rewrite(
"headrace.testing")` into a conftest.py to see values in failed asserts.
"""

from headrace.testing.stores.access import AccessStoreSuite
from headrace.testing.stores.charts import ChartSuite
from headrace.testing.stores.experiments import ExperimentSuite
from headrace.testing.stores.history import HistorySuite
from headrace.testing.stores.inputs import InputSuite
from headrace.testing.stores.live import LiveSuite
from headrace.testing.stores.logged_models import LoggedModelSuite
from headrace.testing.stores.manifest import ManifestStoreSuite
from headrace.testing.stores.metrics import MetricSuite
from headrace.testing.stores.model_search import ModelSearchSuite
from headrace.testing.stores.model_versions import ModelVersionSuite
from headrace.testing.stores.paging import PagingSuite
from headrace.testing.stores.params_tags import ParamTagSuite
from headrace.testing.stores.registered_models import RegisteredModelSuite
from headrace.testing.stores.registry_aliases import AliasStageSuite
from headrace.testing.stores.registry_history import RegistryHistorySuite
from headrace.testing.stores.registry_integrity import RegistryIntegritySuite
from headrace.testing.stores.registry_search import RegistrySearchSuite
from headrace.testing.stores.registry_threads import RegistryThreadSuite
from headrace.testing.stores.run_search import RunSearchSuite
from headrace.testing.stores.runs import RunSuite
from headrace.testing.stores.submit import SubmitSuite
from headrace.testing.stores.threads import ThreadSuite
from headrace.testing.stores.webhooks import WebhookStoreSuite

__all__ = [
    "AccessStoreSuite",
    "AliasStageSuite",
    "ChartSuite",
    "ExperimentSuite",
    "HistorySuite",
    "InputSuite",
    "LiveSuite",
    "LoggedModelSuite",
    "ManifestStoreSuite",
    "MetricSuite",
    "ModelSearchSuite",
    "ModelVersionSuite",
    "PagingSuite",
    "ParamTagSuite",
    "RegisteredModelSuite",
    "RegistryHistorySuite",
    "RegistryIntegritySuite",
    "RegistrySearchSuite",
    "RegistryStoreSuite",
    "RegistryThreadSuite",
    "RunSearchSuite",
    "RunSuite",
    "SubmitSuite",
    "ThreadSuite",
    "TrackingStoreSuite",
    "WebhookStoreSuite",
]


class TrackingStoreSuite(
    ExperimentSuite,
    RunSuite,
    ParamTagSuite,
    InputSuite,
    MetricSuite,
    HistorySuite,
    ChartSuite,
    RunSearchSuite,
    PagingSuite,
    LoggedModelSuite,
    ModelSearchSuite,
    LiveSuite,
    ThreadSuite,
):
    """All promises of `stores.base.TrackingStore`. Fixture: `store`."""


class RegistryStoreSuite(
    RegisteredModelSuite,
    ModelVersionSuite,
    AliasStageSuite,
    RegistrySearchSuite,
    RegistryHistorySuite,
    RegistryThreadSuite,
):
    """The promises of `stores.registry.RegistryStore` that hold for a client of a server, too. Fixture: `registry`."""
