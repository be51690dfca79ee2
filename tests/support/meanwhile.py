"""Another request that is first: it happens inside the slower one."""


def just_before(monkeypatch, module, name, act):
    """Lets something happen once, just before a function of a module is called."""
    called, waiting = getattr(module, name), [act]

    def call_late(*values, **named):
        if waiting:
            waiting.pop()()
        return called(*values, **named)

    monkeypatch.setattr(module, name, call_late)
