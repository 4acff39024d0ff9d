"""A real browser for tests: Debian's chromium without a window, told to reach nothing but loopback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; .ci/run installs Debian's")

_MEASURE = """
<script>
addEventListener("load", () => {
  const visibleText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const channel = (value) => {
    const c = value / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const luminance = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const parts = (text) => text.match(/[0-9.]+/g).map(Number);
  const backdrop = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const rgb = parts(getComputedStyle(one).backgroundColor);
      if (rgb.length < 4 || rgb[3] === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const outside = [];
  const wide = document.documentElement.clientWidth;
  for (const element of document.body.querySelectorAll("*")) {
    if (!visibleText(element)) continue;
    const one = luminance(parts(getComputedStyle(element).color));
    const other = luminance(backdrop(element));
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push([element.textContent.slice(0, 40), contrast]);
    const box = element.getBoundingClientRect();
    const scrolls = element.closest(".scroll");
    if (!scrolls && (box.right > wide + 1 || element.scrollWidth > element.clientWidth + 1
        && getComputedStyle(element).display !== "inline")) outside.push(element.textContent.slice(0, 40));
  }
  const measured = {
    wide, scrolls: document.documentElement.scrollWidth, outside, faint,
    dark: luminance(parts(getComputedStyle(document.body).backgroundColor)) < 0.2,
    scripts: document.querySelectorAll("script:not(:last-of-type)").length,
    text: document.body.innerText,
    headings: [...document.querySelectorAll("h1,h2,h3,h4")].map((one) => Number(one.tagName[1])),
    unlabelled: document.querySelectorAll("table th:not([scope])").length,
  };
  const out = document.createElement("template");
  out.id = "measured";
  out.setAttribute("data-json", encodeURIComponent(JSON.stringify(measured)));
  document.body.append(out);
});
</script>
"""


def run_chromium(profile: Path, *arguments: str, timeout_s: float = 60) -> str:
    """Standard output of one run; the browser may look up no name, so that it reaches loopback alone."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}", *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return done.stdout.decode("utf-8", "replace")


def measured(folder: Path, page: str, *, width: int = 1100, dark: bool = False) -> dict[str, Any]:
    """What the browser makes of a page: sizes, what leaves the page, contrast, headings, its visible text.

    The page's own policy forbids scripts, so a copy without it carries the one that measures.
    """
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', page)
    assert policy is not None
    path = folder / f"measured-{width}-{dark}.html"
    path.write_text(page.replace(policy[0], "").replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
    dom = run_chromium(
        folder / "profile",
        f"--window-size={width},1400",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        path.as_uri(),
    )
    from urllib.parse import unquote

    found = re.search(r'id="measured" data-json="([^"]*)"', dom)
    assert found is not None, dom[-2000:]
    result: dict[str, Any] = json.loads(unquote(found[1]))
    return result


def printed(folder: Path, page: str) -> bytes:
    """The page as PDF, as printing it gives."""
    source, target = folder / "printed.html", folder / "printed.pdf"
    source.write_text(page, encoding="utf-8")
    run_chromium(folder / "profile", "--no-pdf-header-footer", f"--print-to-pdf={target}", source.as_uri())
    return target.read_bytes()
