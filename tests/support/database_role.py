"""A role of PostgreSQL that may sign in and nothing else, and the site as the application opens it under that role."""

from dataclasses import replace

import pytest
from sqlalchemy.engine import make_url

from tests.support.rows import Rows


def as_role(site, role):
    """Returns the site as a role opens it."""
    url = make_url(site.database_url).set(username=role)
    return replace(site, database_url=url.render_as_string(hide_password=False))


@pytest.fixture
def role(site):
    """The name of a role of this test's own, that may sign in and nothing else."""
    name, rows = f"role_of_{site.folder.name}", Rows(site)
    rows.change(f'CREATE ROLE "{name}" LOGIN')
    yield name
    rows.change(f'DROP OWNED BY "{name}"', f'DROP ROLE "{name}"')


@pytest.fixture
def under_role(site, role):
    """The site as the application opens it: granted, and under that role."""
    site.flask("audit", "grants", role, "--apply")
    return as_role(site, role)
