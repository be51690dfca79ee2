"""The queue's address: one server, or the Sentinels that name the master."""

import pytest

from portal.settings.addresses import SettingError
from portal.settings.redis import Sentinels, read_redis_url, read_sentinels


def test_sentinels_are_read_with_their_masters_name():
    url = "redis+sentinel://queue:secret%2Ftoken@one.example:26379,two.example,[::1]:26381/por%20tal/3?sentinel_password=other%26"
    assert read_sentinels(url) == Sentinels(
        hosts=(("one.example", 26379), ("two.example", 26379), ("::1", 26381)),
        name="por tal",
        database=3,
        username="queue",
        password="secret/token",
        sentinel_password="other&",
        tls=False,
    )


def test_what_is_left_out_has_its_usual_value():
    assert read_sentinels("rediss+sentinel://one.example/portal") == Sentinels(
        hosts=(("one.example", 26379),), name="portal", database=0, username=None, password=None, sentinel_password=None, tls=True
    )


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://",
        "redis+sentinel:///portal",
        "redis+sentinel://one.example:26379",  # which of the masters?
        "redis+sentinel://one.example:26379/",
        "redis+sentinel://one.example,/portal",
        "redis+sentinel://one.example:port/portal",
        "redis+sentinel://one.example:0/portal",
        "redis+sentinel://one.example:99999/portal",
        "redis+sentinel://[::1/portal",
        "redis+sentinel://one.example/portal/first",
        "redis+sentinel://one.example/portal/0/1",
        "redis+sentinel://one.example/portal/99999",
        "redis+sentinel://one.example/portal?socket_timeout=1",
        "sentinel://one.example/portal",
        "redis+sentinels://one.example/portal",
    ],
)
def test_a_wrong_address_is_named_and_its_password_is_not_repeated(url):
    url = url.replace("://", "://queue:secret-token@")
    with pytest.raises(SettingError, match=r"^PORTAL_REDIS_URL.*\.$") as refused:
        read_redis_url({"PORTAL_REDIS_URL": url})
    assert "secret-token" not in str(refused.value)


def test_no_password_is_part_of_what_is_printed():
    sentinels = read_sentinels("redis+sentinel://queue:secret-token@one.example/portal?sentinel_password=secret-word")
    assert "secret" not in repr(sentinels)
