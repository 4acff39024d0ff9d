"""What the Hub's refusals mean: no such repository, revision or file, or one that wants consent or a token.

Source: the headers ``X-Error-Code`` and ``X-Repo-Commit`` as huggingface_hub 2.4.0 reads them
(utils/_http.py: hf_raise_for_status; file_download.py).
"""

from __future__ import annotations

from envspec.assets.interface import Absent, Got
from envspec.errors import BrokenPageError, HttpStatusError

_TOKEN = "HF_TOKEN, or the file that HF_TOKEN_PATH names"  # noqa: S105 - no token


def refusal(answer: Got, repo: str, revision: str) -> Absent | None:
    """None where the answer is none; Absent where something surely isn't there.

    Raises HttpStatusError where the Hub doesn't tell us, since it can't know who asks.
    """
    if answer.status < 300:
        return None
    code = answer.headers.get("x-error-code", "")
    if code == "GatedRepo" or (answer.status == 403 and not code):
        raise _gated(repo, answer.status)
    if answer.status in (401, 403):
        raise HttpStatusError(
            status=answer.status,
            what=f"the Hub tells nothing of {repo}: it answered {answer.status}",
            why="there's no such repository, or it's private and the token given may not read it"
            " (the Hub answers both alike)",
            fix=f"check the name{_without_owner(repo)}; for a private repository set {_TOKEN}",
        )
    if code == "RevisionNotFound":
        return Absent(
            f"{repo} has no revision {revision!r}",
            "the Hub answered 404, RevisionNotFound",
            "name a branch, a tag or a whole commit of 40 digits; a commit that was pinned before and is gone"
            " is let go with --upgrade",
        )
    if code in ("RepoNotFound", ""):
        return Absent(
            f"the Hub has no repository {repo}",
            f"it answered {answer.status}{f', {code}' if code else ''}",
            f"check the name{_without_owner(repo)}",
        )
    raise BrokenPageError(
        what=f"{repo}: the Hub answered {answer.status}, {code[:60]!r}",
        why="that's no answer to what was asked",
        fix="try again; if it stays so, a proxy or a mirror answers in the Hub's place",
    )


def _without_owner(repo: str) -> str:
    if "/" in repo:
        return ""
    return f" (what sentence-transformers calls {repo} is sentence-transformers/{repo})"


def check_file(answer: Got, repo: str, path: str) -> None:
    """Raise where a file that the listing has isn't served."""
    if answer.status < 300:
        return
    if answer.status in (401, 403):
        raise _gated(repo, answer.status)
    commit = answer.headers.get("x-repo-commit", "")
    raise BrokenPageError(
        what=f"{repo}: {path} is listed, and then it isn't there",
        why=f"the Hub answered {answer.status}" + (f" for commit {commit[:40]}" if commit else ""),
        fix="try again; if it stays so, a mirror has the listing without the file",
    )


def _gated(repo: str, status: int) -> HttpStatusError:
    return HttpStatusError(
        status=status,
        what=f"{repo} is gated: the Hub answered {status}",
        why="its files are only for accounts that accepted its terms"
        + (", and the token given is of none" if status == 403 else ", and no token was given"),
        fix=f"accept the terms on the page of {repo} at the Hub, then set {_TOKEN}",
    )
