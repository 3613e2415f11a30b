"""The loopback stand-in for Datadog and PagerDuty that the demo and the tests run against."""

from connectors.standin.limits import Fault
from connectors.standin.serving import Standin, serve_history, serve_standin

__all__ = ["Fault", "Standin", "serve_history", "serve_standin"]
