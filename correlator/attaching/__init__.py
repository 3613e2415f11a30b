"""What note goes where, and its way there through the outbox.

An open incident gets a note when a systemic finding explains it (`correlator.incident_matching`); so do tickets that
name it, and those sinks that tell of findings alone. What is to be written is entered in the store first, then written,
then entered as written. One process at a time is at one note (`correlator.incident_lock`), so two of them leave one.
"""

from correlator.attaching.all_sinks import Rounds, Trouble, attach_everywhere
from correlator.attaching.knowledge import Knowledge, read_knowledge
from correlator.attaching.outcome import AttachReport, Done, Outcome
from correlator.attaching.rounds import attach_finding, attach_incident, attach_open, preview
from correlator.attaching.sending import MARKER

__all__ = [
    "MARKER",
    "AttachReport",
    "Done",
    "Knowledge",
    "Outcome",
    "Rounds",
    "Trouble",
    "attach_everywhere",
    "attach_finding",
    "attach_incident",
    "attach_open",
    "preview",
    "read_knowledge",
]
