"""The seams between the program and the outside, as small protocols: sources, sinks, and checks of both."""

from correlator.ports.facts import Fact, IncidentEntry, IncidentRelation, Service
from correlator.ports.notes import (
    About,
    Announcer,
    Attached,
    Event,
    IncidentFinder,
    Note,
    Place,
    Renderer,
    Sink,
    TicketFinder,
    Way,
)
from correlator.ports.probes import Found, Probe
from correlator.ports.pulls import Asker, Interest, Page, PullReport, PullWindow, RateLimit, RawAnswer, SetAside, Source

__all__ = [
    "About",
    "Announcer",
    "Asker",
    "Attached",
    "Event",
    "Fact",
    "Found",
    "IncidentEntry",
    "IncidentFinder",
    "IncidentRelation",
    "Interest",
    "Note",
    "Page",
    "Place",
    "Probe",
    "PullReport",
    "PullWindow",
    "RateLimit",
    "RawAnswer",
    "Renderer",
    "Service",
    "SetAside",
    "Sink",
    "Source",
    "TicketFinder",
    "Way",
]
