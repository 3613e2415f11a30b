"""What people know: rules with asks, owners, runbooks and known errors, and how they are loaded and checked."""

from rules.loader import load_rules, load_text
from rules.matching import RuleSet
from rules.model import Clause, KnownError, Owner, Rule, RuleMatch, Trial

__all__ = ["Clause", "KnownError", "Owner", "Rule", "RuleMatch", "RuleSet", "Trial", "load_rules", "load_text"]
