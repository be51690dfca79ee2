"""Commands as docs/operating.md tells operators to type them."""

import re
import shlex

from tests.support.processes import ROOT

OPERATING = ROOT / "docs" / "operating.md"


def operators_command(program, **names):
    """Returns the words that follow a program; `names` replaces some of them, with "_" for ".": `portal_dump=file`."""
    [line] = re.findall(rf"`{program} ([^`]+)`", OPERATING.read_text())
    return [str(names.get(word.replace(".", "_"), word)) for word in shlex.split(line)]
