"""The article's claims, checked: what it says, whether that is so, what is so, and what shows it.

The ledger is data, one file for each section of the article (``data/claims``).  Every verdict that a notebook shows
comes from here.  ``gmp_lab.claims.check`` runs what decides each claim, ``gmp_lab.claims.misconceptions`` has the
wrong beliefs that the claims lead to.
"""

from gmp_lab.claims.ledger import VERDICTS, Claim, Evidence, claim, claims, sections, verdicts
from gmp_lab.claims.table import Checked, checked

__all__ = ["VERDICTS", "Checked", "Claim", "Evidence", "checked", "claim", "claims", "sections", "verdicts"]
