"""Texts of people who have not shown a code: refused by their shape, and compared with what nobody can guess (decision 37)."""

from portal.flows.factors.shared_secrets import spend_unguessable
from portal.forms.base import ShapedForm
from portal.web.browser_session import request_context


def validate_unproven(form: ShapedForm, field: str, reason: str, owner_id: int) -> bool:
    """Whether the form is valid, and its text holds no backup code or key of the account: then it has the error `reason`, as a
    look-alike has. What is shown is spent.
    """
    is_valid = bool(form.validate())
    if is_valid or list(form[field].errors) == [reason]:
        is_shown = spend_unguessable(request_context(), {field: form[field].data}, [owner_id])
        if is_shown and is_valid:
            form[field].errors = [reason]
            return False
    return is_valid
