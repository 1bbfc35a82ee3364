"""`riskgate health`: does the whole gate work?"""

import typer

from pipeline.cli import exit_codes
from pipeline.cli.reading import AsJson, is_json, open_reader
from pipeline.cli.terminal import say


def health(as_json: AsJson = None) -> None:
    """Check topics, workers, lag, heartbeats, commits and versions; exit with 1 if one is wrong.

    Asks Kafka alone and takes up to ten seconds: it watches risk save its work.
    """
    from pipeline.outputs.accounts import read_rows
    from pipeline.outputs.health import findings
    from topics.codec import encode

    reader, wrong = open_reader(), 0
    for finding in findings(reader, read_rows(reader)):
        wrong += not finding.good
        if is_json(as_json):
            say(encode(finding).decode())
        else:
            say(f"{'ok   ' if finding.good else 'WRONG'}  {finding.name}: {finding.text}")
    if wrong:
        raise typer.Exit(exit_codes.DIFFERENT)
