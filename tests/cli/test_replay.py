import pytest

from tests.cli.command import riskgate


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([], "name either FILE or --from-kafka"),
        (["in.jsonl", "--from-kafka"], "name either FILE or --from-kafka"),
        (["--from-kafka", "--limits", "l.yaml"], "--limits needs FILE"),
        (["in.jsonl", "--json", "out.json"], "--json needs --against"),
    ],
)
def test_replay_is_refused_when_its_sources_contradict(arguments: list[str], advice: str) -> None:
    done = riskgate("replay", *arguments)

    assert done.returncode == 2
    assert advice in done.stderr
