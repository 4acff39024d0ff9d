"""The frame of every HTML report: one page that needs nothing else, on screen and on paper."""

from __future__ import annotations

import pkgutil
from html import escape

from envspec.report.visible import visible


def page(title: str, body: str) -> str:
    """A whole document; its policy lets a browser fetch and run nothing."""
    style = (pkgutil.get_data("envspec.report", "page.css") or b"").decode()
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{text(title)}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def text(outside: str) -> str:
    """Any text, as content or as the value of a quoted attribute."""
    return escape(visible(outside), quote=True)


def badge(status: str, word: str) -> str:
    """A status that its word tells, and its border, where colours aren't seen."""
    return f'<span class="badge {status}">{text(word)}</span>'


def signatures() -> str:
    """Room for two people to sign."""
    blanks = "".join(
        f'<p><span>{label}</span><span class="blank"></span></p>'
        for label in ("Name", "Function", "Date", "Signature")
    )
    people = "".join(
        f"<div><h3>{title}</h3>{blanks}</div>" for title in ("Checked by", "Accepted for the site by")
    )
    return f'<section class="keep"><h2>Signatures</h2><div class="sign">{people}</div></section>'
