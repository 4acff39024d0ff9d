"""The day that rules take for today: a driver's branch may be supported now, and not when one travels."""

from __future__ import annotations

import argparse


def add_day_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--day``."""
    parser.add_argument(
        "--day", metavar="YYYY-MM-DD", type=_day, help="judge as on that day, such as the day of the trip"
    )


def _day(text: str) -> str:
    import datetime

    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} was met, a day such as 2026-11-28 is wanted") from error


def today() -> str:
    """By this host's clock, in UTC."""
    import time

    return time.strftime("%Y-%m-%d", time.gmtime())
