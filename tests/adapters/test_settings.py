from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from envspec.adapters.settings import PipSettings, cache_dir
from envspec.adapters.settings import pip_settings as read_settings
from envspec.errors import InputError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def environ(home: Path, **more: str) -> Mapping[str, str]:
    """A user without settings; PIP_CONFIG_FILE is left to the tests."""
    return {
        "HOME": str(home),
        "VIRTUAL_ENV": str(home / "venv"),
        **more,
    }


def pip_settings(environ: Mapping[str, str]) -> PipSettings:
    return read_settings(environ, etc=str(Path(environ["HOME"], "etc")))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_variable_wins_over_every_file(home: Path) -> None:
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://file.example/simple\n")
    settings = pip_settings(environ(home, PIP_INDEX_URL="https://variable.example/simple/"))
    assert (settings.index_url, settings.source) == ("https://variable.example/simple", "PIP_INDEX_URL")


def test_an_empty_variable_says_nothing(home: Path) -> None:
    file = write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://file.example/simple\n")
    settings = pip_settings(environ(home, PIP_INDEX_URL=""))
    assert (settings.index_url, settings.source) == ("https://file.example/simple", str(file))


def test_a_later_file_wins_over_an_earlier_one(home: Path) -> None:
    write(
        home / "etc/xdg/pip/pip.conf",
        "[global]\nindex-url = https://everyone.example/simple\ncert = /everyone.pem\n",
    )
    everyone = environ(home)
    assert pip_settings(everyone).index_url == "https://everyone.example/simple"
    write(home / ".pip/pip.conf", "[global]\nindex-url = https://legacy.example/simple\n")
    assert pip_settings(everyone).index_url == "https://legacy.example/simple"
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://user.example/simple\n")
    assert pip_settings(everyone).index_url == "https://user.example/simple"
    write(home / "venv/pip.conf", "[global]\nindex-url = https://venv.example/simple\n")
    assert pip_settings(everyone).index_url == "https://venv.example/simple"
    assert pip_settings(everyone).cert == "/everyone.pem"


def test_the_named_file_wins_and_leaves_the_users_out(home: Path) -> None:
    write(
        home / ".config/pip/pip.conf", "[global]\nindex-url = https://user.example/simple\ncert = /user.pem\n"
    )
    write(home / "venv/pip.conf", "[global]\nindex-url = https://venv.example/simple\n")
    named = write(home / "named.conf", "[global]\nindex-url = https://named.example/simple\n")
    settings = pip_settings(environ(home, PIP_CONFIG_FILE=str(named)))
    assert (settings.index_url, settings.cert) == ("https://named.example/simple", "")


def test_dev_null_leaves_every_file_out(home: Path) -> None:
    write(home / "venv/pip.conf", "[global]\nindex-url = https://venv.example/simple\n")
    assert pip_settings(environ(home, PIP_CONFIG_FILE="/dev/null")).source == "the default"


def test_the_section_install_wins_over_global_of_a_later_file(home: Path) -> None:
    write(home / ".pip/pip.conf", "[install]\nindex-url = https://install.example/simple\n")
    write(
        home / ".config/pip/pip.conf",
        "[global]\nindex-url = https://global.example/simple\n[list]\nindex-url = x\n",
    )
    assert pip_settings(environ(home)).index_url == "https://install.example/simple"


def test_keys_are_read_as_pip_reads_them(home: Path) -> None:
    text = "[global]\nIndex_URL = https://index.example/simple\nextra-index-url =\n    https://one.example\n"
    text += "    https://two.example\ntrusted-host = one.example two.example\n"
    write(home / ".config/pip/pip.conf", text)
    settings = pip_settings(environ(home))
    assert settings.index_url == "https://index.example/simple"
    assert settings.extra_index_urls == ("https://one.example", "https://two.example")
    assert settings.trusted_hosts == ("one.example", "two.example")


def test_variables_and_percent_signs_stay_as_they_are(home: Path) -> None:
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://u:a%40${X}@index.example/simple\n")
    assert pip_settings(environ(home, X="secret")).index_url == "https://u:a%40${X}@index.example/simple"


def test_without_any_setting_the_library_says_which_index(home: Path) -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    settings = pip_settings(environ(home, PIP_CONFIG_FILE="/dev/null"))
    assert settings.index_url == PYPI_SIMPLE_ENDPOINT.rstrip("/")


def test_a_broken_file_is_named_with_its_line_and_without_its_text(home: Path) -> None:
    file = write(home / ".config/pip/pip.conf", "[global]\nindex-url https//user-secret\n")
    with pytest.raises(InputError) as raised:
        pip_settings(environ(home))
    assert raised.value.what == f"{file}: pip's configuration can't be read, line 2"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"ENVSPEC_CACHE_DIR": "/own", "XDG_CACHE_HOME": "/x"}, "/own", id="our own variable wins"
        ),
        pytest.param({"XDG_CACHE_HOME": "/x"}, "/x/envspec", id="then XDG_CACHE_HOME"),
        pytest.param({"XDG_CACHE_HOME": "x"}, "/h/someone/.cache/envspec", id="a relative one is ignored"),
        pytest.param({}, "/h/someone/.cache/envspec", id="else the home folder"),
    ],
)
def test_the_cache_lies_where_the_user_wants_it(variables: Mapping[str, str], expected: str) -> None:
    assert cache_dir({"HOME": "/h/someone", **variables}) == expected
