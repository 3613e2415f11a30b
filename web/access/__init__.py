"""Who is asking, what they may do and see, and what they did."""

from web.access.actor import Actor, Role
from web.access.audit import note_audit
from web.access.current import current_actor
from web.access.requirements import needs

__all__ = ["Actor", "Role", "current_actor", "needs", "note_audit"]
