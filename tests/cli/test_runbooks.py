"""From an alert's text to an action: at most three commands, which exist and have these options."""

import re
import shlex
from collections.abc import Iterator

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from pipeline.cli.app import app
from tests.alerts.rules import ROOT, Rule, alerts

BLOCK = re.compile(r"\*\*Type this\.\*\*\n\n```\n(.*?)\n```\n\n\*\*Look\.\*\*", re.DOTALL)
COMMANDS_MAX = 3
WORKLOAD = r"(statefulset/riskgate-risk|deployment/riskgate-(ingest|broadcast)|WORKLOAD)"
# Commands of others, whose options nobody here can parse.
LOOKS = re.compile(
    rf"kubectl -n riskgate (get pods -o wide|rollout status {WORKLOAD}"
    rf"|logs {WORKLOAD}( --[a-z-]+( [0-9]+)?)*)"
)
OTHERS_ACTS = re.compile(
    rf"kubectl -n riskgate (scale {WORKLOAD} --replicas [0-9]+|rollout (restart|undo) {WORKLOAD}"
    rf"|set resources {WORKLOAD} --limits cpu=2|delete pod POD)"
    r"|kubectl debug node/NODE -it --image busybox -- chroot /host chronyc makestep"
    r"|helm -n riskgate upgrade riskgate CHART --reuse-values"
    r"|kafka-configs --bootstrap-server BROKERS --alter --entity-type topics "
    r"--entity-name risk\.events --add-config message\.timestamp\.type=LogAppendTime"
    r"|kafka-acls --bootstrap-server BROKERS --remove --allow-principal User:NAME "
    r"--operation Write --topic risk\.TOPIC"
)
ACTS = {"halt", "reduce", "flatten", "resume", "activate", "apply"}
# It says that nothing was lost, and nobody need act; the last command proves it.
PROVEN = {"RiskgateOffsetsStale": "verify"}
# What people fill in where not every word will do.
FILLED = {"VERSION": "0.2.0", "FILE": __file__, "TOPIC": "signals", "STOP_ID": "acct-1:1:1"}
# Which commands show what a later line needs. ME, WHY and FILE are the reader's own, the rest
# of the words in capitals are names of the cluster.
SHOWN_BY = {
    "ACCOUNT": r"riskgate (stops|accounts|alerts|explain|dead-letters)\b",
    "STOP_ID": r"riskgate (stops --open|accounts ACCOUNT)",
    "VERSION": r"riskgate health",
    "TOPIC": r"riskgate dead-letters",
    "NAME": r"riskgate topics acls",
    "POD": r"kubectl -n riskgate get pods",
    "NODE": r"kubectl -n riskgate get pods -o wide",
}


def lines_of(alert: Rule) -> list[str]:
    """Return what to type, from the page that the alert's message names."""
    page = ROOT / alert["annotations"]["runbook_url"]
    found = BLOCK.search(page.read_text())
    assert found is not None, f"{page.name} does not say what to type"
    return found[1].splitlines()


def parse(line: str) -> str:
    """Parse a line as the command would, without running it; return the command's name.

    Raise a UsageError for a command or option that does not exist.
    """
    command, arguments = get_command(app), [FILLED.get(w, w) for w in shlex.split(line)[1:]]
    context = command.make_context("riskgate", arguments)
    while isinstance(command, TyperGroup):
        rest = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
    return str(command.name)


def is_act(line: str) -> bool:
    """Whether a line changes something. Fail for a line that is no command."""
    if line.startswith("riskgate "):
        return parse(line) in ACTS
    acts = OTHERS_ACTS.fullmatch(line) is not None
    assert acts or LOOKS.fullmatch(line), line
    return acts


def unanswered(lines: list[str], *, is_named: bool) -> Iterator[str]:
    """Yield each word to fill in that no earlier line shows; is_named: the text has the account."""
    for number, line in enumerate(lines):
        for word, shown in SHOWN_BY.items():
            if word not in re.findall(r"[A-Z_]{2,}", line) or (is_named and word == "ACCOUNT"):
                continue
            if not any(re.match(shown, earlier) for earlier in lines[:number]):
                yield f"{word} in {line}"


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_alert_leads_to_an_action_in_at_most_three_commands(alert: Rule) -> None:
    lines = lines_of(alert)

    acts = [is_act(line) for line in lines]

    assert len(lines) <= COMMANDS_MAX
    assert True not in acts[:-1]  # Look first: only the last line may change something.
    proof = PROVEN.get(alert["alert"])
    assert acts[-1] if proof is None else parse(lines[-1]) == proof
    is_named = "Labels.account_id" in alert["annotations"]["description"]
    assert list(unanswered(lines, is_named=is_named)) == []


@pytest.mark.parametrize("line", ["riskgate stopps --open", "riskgate stops --opened"])
def test_command_is_refused_when_it_does_not_exist(line: str) -> None:
    with pytest.raises(Exception, match=r"No such (command|option)"):
        is_act(line)


def test_word_is_missed_when_no_earlier_line_shows_it() -> None:
    lines = ["riskgate health", "riskgate resume ACCOUNT --stop-id STOP_ID --author ME"]

    assert list(unanswered(lines, is_named=True)) == [f"STOP_ID in {lines[1]}"]
    assert len(list(unanswered(lines, is_named=False))) == 2
    with pytest.raises(AssertionError):
        is_act("kubectl -n riskgate delete namespace riskgate")
