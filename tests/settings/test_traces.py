"""Where traces go, and what OpenTelemetry's own variables say: checked at the start, since it would write what it can't read to the log."""

import pytest

from portal.settings.addresses import SettingError
from portal.settings.traces import FILES, read_traces_url

NAME, HEADERS, ATTRIBUTES = "PORTAL_TRACES_URL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES"
HERE = {NAME: "http://127.0.0.1:4318"}
THERE = {NAME: "https://collector.example"}
SECRET = "canary-token"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, ""),
        ({NAME: ""}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, ""),
        (HERE, "http://127.0.0.1:4318/v1/traces"),
        ({NAME: "http://[::1]:4318/"}, "http://[::1]:4318/v1/traces"),
        ({NAME: "https://collector.example/otlp/"}, "https://collector.example/otlp/v1/traces"),
        ({NAME: "https://collector.example/v1/traces"}, "https://collector.example/v1/traces"),
        (HERE | {"OTEL_SDK_DISABLED": "true"}, ""),
        (HERE | {"OTEL_SDK_DISABLED": "false"}, "http://127.0.0.1:4318/v1/traces"),
        (HERE | {HEADERS: f"authorization=Bearer%20{SECRET}, x-tenant=clinic,"}, "http://127.0.0.1:4318/v1/traces"),
        (THERE | {HEADERS: f"authorization=Bearer {SECRET}"}, "https://collector.example/v1/traces"),
        (HERE | {ATTRIBUTES: "deployment.environment.name=production"}, "http://127.0.0.1:4318/v1/traces"),
    ],
)
def test_where_traces_go(given, address):
    assert read_traces_url(given) == address


@pytest.mark.parametrize(
    "url",
    [
        "collector.example:4318",
        "grpc://collector.example:4317",
        "http://",
        "http://:4318",
        "http://collector.example:0",
        "http://collector.example:99999",
        "http://[::1",
        f"https://user:{SECRET}@collector.example",
        f"https://collector.example/?key={SECRET}",
        "https://collector.example?",
        "https://collector.example#traces",
        "https://cöllector.example",
        "https://collector example",
        "https://collector\\example",
        "https://collector.example/a b",
    ],
)
def test_an_address_that_is_none_is_named_and_not_repeated(url):
    with pytest.raises(SettingError, match=r"^PORTAL_TRACES_URL must .*\.$") as refused:
        read_traces_url({NAME: url})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "headers",
    [
        SECRET,
        f"={SECRET}",
        f"a b={SECRET}",
        f"a%0d={SECRET}",
        f"a={SECRET}%0d%0ab: c",
        f"a={SECRET}ä",
        f"a={SECRET};b",
        "a=",
        f"a=%00{SECRET}",
    ],
)
@pytest.mark.parametrize("name", [HEADERS, "OTEL_EXPORTER_OTLP_TRACES_HEADERS"])
def test_headers_that_could_not_be_sent_stop_the_start_and_are_not_repeated(name, headers, caplog):
    with pytest.raises(SettingError, match=rf"^{name} must be a list .*\.$") as refused:
        read_traces_url(THERE | {name: f"fine=1,{headers}"})
    assert SECRET not in str(refused.value) + caplog.text


def test_headers_travel_encrypted_or_on_this_machine():
    with pytest.raises(SettingError, match=r"^PORTAL_TRACES_URL would send OTEL_EXPORTER_OTLP_HEADERS unencrypted\.") as refused:
        read_traces_url({NAME: "http://collector.example:4318", HEADERS: f"authorization={SECRET}"})
    assert SECRET not in str(refused.value)
    assert read_traces_url({NAME: "http://collector.example:4318"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (ATTRIBUTES, "production"),
        (ATTRIBUTES, "a=1,=2"),
        (ATTRIBUTES, "a=1,"),
        (ATTRIBUTES, "a=1\n"),
        ("OTEL_SERVICE_NAME", "x\udcff"),
    ],
)
def test_what_describes_the_service_is_named_if_it_can_t_be_read(name, value):
    with pytest.raises(SettingError, match=rf"^{name} .*\.$"):
        read_traces_url(HERE | {name: value})


@pytest.mark.parametrize("name", FILES)
def test_a_certificate_or_key_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(SettingError, match=rf"^{name} must name a file that .* \(No such file or directory\)\.$"):
        read_traces_url(HERE | {name: str(tmp_path / "nowhere.pem")})
    (tmp_path / "there.pem").touch()
    assert read_traces_url(HERE | {name: str(tmp_path / "there.pem")})
