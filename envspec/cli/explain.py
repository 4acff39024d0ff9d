"""Say what a rule of verify asks, how it judges, and on which tables and sources it rests."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec explain``."""
    parser.add_argument(
        "rule", metavar="RULE", nargs="?", help="as findings name it; all are listed without one"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there, not to stdout")


def run(arguments: argparse.Namespace) -> int:
    """Tell the rule, or list them all; exit 0, or 2 for a rule that isn't there."""
    from envspec.cli.output import put
    from envspec.compat.rules import near_rule, rule_named, rules
    from envspec.errors import InputError
    from envspec.report.explanation import rule_json, rule_text, rules_json, rules_text

    as_json = arguments.format == "json"
    if arguments.rule is None:
        put(rules_json(rules()) if as_json else rules_text(rules()), arguments.output)
        return 0
    rule = rule_named(arguments.rule)
    if rule is None:
        near = near_rule(arguments.rule)
        raise InputError(
            what=f"no rule {arguments.rule[:80]!r}",
            why=f"the rules are {', '.join(each.name for each in rules())}",
            fix=f"envspec explain {near}" if near else "envspec explain lists them with what they ask",
        )
    put(rule_json(rule) if as_json else rule_text(rule), arguments.output)
    return 0
