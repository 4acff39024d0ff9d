from __future__ import annotations

from envspec.probe.unverified import unverified_settings


def test_settings_that_stop_verification_are_found_by_their_values() -> None:
    environment = {
        "PYTHONHTTPSVERIFY": "0",
        "GIT_SSL_NO_VERIFY": "true",
        "NODE_TLS_REJECT_UNAUTHORIZED": "1",
        "PIP_TRUSTED_HOST": "",
        "CURL_CA_BUNDLE": "",
        "PATH": "0",
    }
    files = {
        "/etc/pip.conf": "[global]\n# trusted-host = old\ntrusted-host = nas.internal\n",
        "~/.curlrc": "--insecure\n",
        "~/.gitconfig": "[http]\n  sslVerify = true\n",
    }
    assert unverified_settings(environment, files) == (
        "PYTHONHTTPSVERIFY",
        "GIT_SSL_NO_VERIFY",
        "CURL_CA_BUNDLE",
        "trusted-host in /etc/pip.conf",
        "insecure in ~/.curlrc",
    )
