"""Statements are made once, at the top of their module: SQLAlchemy takes longer to make one than SQLite to answer it.

A function may make part of one if its docstring begins with "SQL:". It is called where statements are made, and by its like. One with
`@cache` makes its statement once, too.
"""

import ast
from functools import cache

from tests.house.source import last_name, modules

# What a person does a few times a year at most, or only few people do. Everything else in `portal/flows` and `portal/methods` is asked
# all day, a new module too.
RARE = {
    "portal.flows.audit": "the worker seals, and an operator verifies",
    "portal.flows.emergency": "emergency access",
    "portal.flows.operator": "commands, and the test bench",
    "portal.flows.recovery": "account recovery",
    "portal.flows.resets": "a reset by an administrator",
    "portal.flows.tickets": "a ticket to support",
    "portal.flows.auditor": "folders for auditors",
    "portal.flows.account.not_me": "the answer to a notice",
    "portal.flows.base.recent_changes": "what proves nothing at a recovery or a reset",
    "portal.flows.base.recovery_cases": "account recovery",
    "portal.flows.base.rule_record": "a rule is changed",
    "portal.flows.base.second_person": "administrators and support decide",
    "portal.flows.factors.find_secrets": "a code or a key in a text",
    "portal.flows.factors.shared_secrets": "the same",
    "portal.flows.messages.delivery_reports": "the carrier",
    "portal.flows.messages.outbox": "the worker",
    "portal.flows.messages.sim_change": "a number moved to another SIM",
    "portal.flows.practice.deadline": "administrators set one, providers put set-up off",
    "portal.flows.practice.directory": "administrators",
    "portal.flows.practice.reminders": "administrators",
    "portal.flows.practice.team": "administrators",
}
NOT_RARE = "portal.flows.emergency.waiting"  # on each page of an administrator and of support
MAKING = {"where", "returning", "order_by", "with_for_update", "outerjoin", "correlate", "scalar_subquery"}  # of a statement


def is_hot(name):
    """Returns whether a module's statements are asked all day."""
    is_rare = any(f"{name}.".startswith(f"{each}.") for each in RARE) and name != NOT_RARE
    return name.startswith(("portal.flows.", "portal.methods")) and not is_rare


def functions(module):
    """Returns every function of a module and its classes, with whether it makes parts of statements."""
    found = module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node, (ast.get_docstring(node) or "").startswith("SQL:")) for node in found]


def is_kept(function):
    """Returns whether what a function makes is kept."""
    return "cache" in map(last_name, function.decorator_list)


@cache
def makers():
    """Returns the dotted names of the functions that make parts of statements."""
    return {f"{module.name}.{node.name}" for module in modules() for node, makes in functions(module) if makes}


@cache
def names(module):
    """Returns what each name of a module stands for, as a dotted name."""
    found = {node.name: f"{module.name}.{node.name}" for node, _ in functions(module)}
    for node in module.nodes(ast.ImportFrom):
        found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def makes_sql(module, call):
    """Returns whether a call makes a statement, or part of one."""
    known, asked = names(module), call.func
    if isinstance(asked, ast.Attribute):
        owner = known.get(last_name(asked.value), "") if isinstance(asked.value, ast.Name) else ""
        return asked.attr in MAKING or owner == "sqlalchemy.func" or f"{owner}.{asked.attr}" in makers()
    stands_for = known.get(last_name(asked), "")
    return stands_for in makers() or (stands_for.startswith("sqlalchemy.") and last_name(asked).islower())


def made_anew(module):
    """Returns where a module makes a statement at each call of a function."""
    asked = [node for node, makes in functions(module) if not makes and not is_kept(node)]
    calls = {call for node in asked for line in node.body for call in ast.walk(line) if isinstance(call, ast.Call)}
    return sorted(module.at(call) for call in calls if makes_sql(module, call))


def test_statements_that_are_asked_all_day_are_made_once():
    assert [place for module in modules() if is_hot(module.name) for place in made_anew(module)] == []


def test_what_is_called_rare_makes_some():
    """So that the list shrinks with them, and a test that notices nothing fails."""
    rare = {module.name for module in modules() if made_anew(module)}
    assert [each for each in RARE if not any(f"{name}.".startswith(f"{each}.") for name in rare)] == []
