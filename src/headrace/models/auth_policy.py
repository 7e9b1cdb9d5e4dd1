"""What a served model may do, as itself and as the user who calls it: `auth_policy=` of log_model."""

from __future__ import annotations

from headrace.packaging.served_resources import AuthPolicy, SystemAuthPolicy, UserAuthPolicy

__all__ = ["AuthPolicy", "SystemAuthPolicy", "UserAuthPolicy"]
