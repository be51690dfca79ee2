"""Lists files and functions longer than recommended. `make lint` prints it as a warning."""

from tests.house.source import ROOT, modules
from tests.house.test_code import functions

LIKED_FILE, LIKED_FUNCTION = 200, 25


def report():
    """Returns a line for each file and function above the recommended size."""
    lines = []
    for module in modules():
        if (size := module.text.count("\n")) > LIKED_FILE:
            lines.append(f"{module.path.relative_to(ROOT)}: {size} lines, {LIKED_FILE} are liked")
        long = [(node, size) for node, size in functions(module) if size > LIKED_FUNCTION]
        lines += [f"{module.at(node)}: {node.name} has {size} lines, {LIKED_FUNCTION} are liked" for node, size in long]
    return lines


if __name__ == "__main__":
    print(*report(), sep="\n")
