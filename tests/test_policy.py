"""Who may use which method, who must, who may turn it off."""

from types import SimpleNamespace

import pytest

from portal.models import ROLES
from portal.policy import PATIENT, PROVIDER, SUPPORT, may_reset, policy_of, policy_under

TELEPHONE = SimpleNamespace(name="telephone", restricted=True, additional=False)
APP = SimpleNamespace(name="app", restricted=False, additional=False)
BEYOND = SimpleNamespace(name="beyond", restricted=False, additional=True)  # the help article


def test_every_role_has_a_policy():
    assert {policy_of(role) for role in ROLES} == {PATIENT, PROVIDER, SUPPORT}


def test_a_role_without_a_policy_reaches_nothing():
    with pytest.raises(KeyError):
        policy_of("visitor")


def test_patients_may_use_any_method_and_may_turn_it_off():
    assert PATIENT.allows(TELEPHONE) and PATIENT.allows(APP) and PATIENT.allows(BEYOND)
    assert PATIENT.may_turn_off and not PATIENT.must_use
    assert PATIENT.may_trust_browsers


@pytest.mark.parametrize("policy", [PROVIDER, SUPPORT])
def test_those_who_see_others_must_use_an_app_and_may_not_turn_it_off(policy):
    assert policy.offers(APP) and not policy.allows(TELEPHONE) and not policy.offers(BEYOND)
    assert policy.must_use and not policy.may_turn_off
    assert not policy.may_trust_browsers


def test_a_practice_adds_what_its_people_may_choose_and_they_keep_what_they_have():
    assert PROVIDER.offers(BEYOND, ["beyond"]) and not PROVIDER.offers(BEYOND, ["another"])
    assert PROVIDER.allows(BEYOND) and PATIENT.offers(BEYOND)
    assert not SUPPORT.allows(BEYOND) and not SUPPORT.offers(BEYOND, ["beyond"])
    assert not PROVIDER.offers(TELEPHONE, ["telephone"]), "no practice can add what is restricted"


def test_the_operators_list_binds_people_at_practices_alone():
    listed = ("app",)
    for role in ("provider", "administrator"):
        policy = policy_under(role, listed)
        assert policy.allows(APP) and not policy.allows(BEYOND) and not policy.offers(BEYOND, ["beyond"])
        assert policy_under(role, None).allows(BEYOND)
    assert policy_under("patient", listed) is PATIENT and policy_under("support", listed) is SUPPORT


def test_the_app_names_the_door():
    assert policy_of("patient").issuer == "Medximity"
    assert policy_of("provider").issuer == policy_of("administrator").issuer == "DigitalPatientChart"


def test_nobody_resets_a_higher_role_or_their_own_kind_in_support():
    allowed = {(role, other) for role in ROLES for other in ROLES if may_reset(role, other)}
    assert {other for role, other in allowed if role == "support"} == {"patient", "provider", "administrator"}
    assert {other for role, other in allowed if role == "administrator"} == {"provider", "administrator"}
    assert {role for role, _ in allowed} == {"support", "administrator"}
