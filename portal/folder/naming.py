"""What a folder is called, wherever it lies."""

import re
import unicodedata

from portal.flows.auditor.scope import Scope

LONGEST = 60


def folder_name(scope: Scope) -> str:
    """The practice and the period in ASCII; the practice's number, if its name has no letter that ASCII has."""
    plain = unicodedata.normalize("NFKD", scope.practice).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return f"audit-{slug or 'practice'}-{scope.practice_id}-{scope.period.first.isoformat()}-to-{scope.period.last.isoformat()}"
