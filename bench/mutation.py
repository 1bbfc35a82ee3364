"""`make mutation`: does a test fail when the core is wrong? mutmut breaks one place at a time.

A full run takes many hours; a random sample is the same for the same seed and code.
mutmut has a command for all mutants or named ones, not for a sample of them, so its parts are
called from here; what it finds stays in mutants/, for `mutmut show` and `mutmut results`.
"""

import argparse
import os
import resource
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.__main__ import (
    collect_or_load_stats,
    collect_source_file_mutation_data,
    create_mutants,
)
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths
from mutmut.utils.format_utils import mangled_name_from_mutant_name
from mutmut.workers.isolation import MutantRunner, get_mutant_runner

from bench.sampling import drawn, interval

_MEMORY_BYTES_MAX = 4 << 30  # A mutant may allocate memory without end.
_NO_TESTS, _ERROR = 33, 255
_TEST_SECONDS_MAX = (
    5.0  # Leaving out the slowest tests can only lower the number of killed mutants.
)
_QUICK_SECONDS = 5.0
# Wall-clock time on a slow shared machine: a limit that is too short would count as a kill.
_QUICK_SECONDS_MAX, _REST_SECONDS_MAX = 120, 600


@dataclass(frozen=True)
class Mutant:
    name: str
    file: SourceFileMutationData

    @property
    def tests(self) -> list[str]:
        """The tests that reach its function, fastest first, without the slowest."""
        seconds = state().duration_by_test
        reaching = state().tests_by_mangled_function_name[mangled_name_from_mutant_name(self.name)]
        asked = [test for test in reaching if seconds[test] <= _TEST_SECONDS_MAX]
        return sorted(asked, key=lambda test: (seconds[test], test))

    @property
    def verdict(self) -> str:
        return status_by_exit_code[self.file.exit_code_by_key[self.name]]

    @property
    def killed(self) -> bool:
        return self.verdict in {"killed", "timeout"}

    def note(self, exit_code: int) -> None:
        """Store a verdict where mutmut looks for it."""
        self.file.exit_code_by_key[self.name] = exit_code
        self.file.save()


def main() -> None:
    """Create the mutants, draw a sample, test each and print how many were killed."""
    asked = _arguments()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    os.environ["CI"] = "true"  # Hypothesis draws the same examples each time and keeps none.
    made = _made()
    runner = get_mutant_runner(1)
    _learn_tests(runner)
    sample = [made[name] for name in drawn(made, asked.sample or len(made), seed=asked.seed)]
    _judge_all(runner, sample)
    sys.stdout.write(_report(sample, len(made), seed=asked.seed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("--sample", type=int, help="how many mutants to test; by default all")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _made() -> dict[str, Mutant]:
    """Write all mutants of the core next to a copy of what the tests need."""
    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    shutil.rmtree("mutants/tests", ignore_errors=True)
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(1)
    found, _ = collect_source_file_mutation_data(mutant_names=())
    return {name: Mutant(name, file) for file, name, _ in found}


def _learn_tests(runner: MutantRunner) -> None:
    """Record which tests reach which function; all must pass on the unchanged code."""
    # Earlier records do not apply to code that has changed since.
    Path("mutants/mutmut-stats.json").unlink(missing_ok=True)
    collect_or_load_stats(runner)
    set_mutant_under_test("")


def _judge_all(runner: MutantRunner, sample: list[Mutant]) -> None:
    """Test the mutants that are not yet killed, fastest first: most are killed early."""
    open_ones = [mutant for mutant in sample if not mutant.killed]
    runner.startup()
    try:
        for done, mutant in enumerate(sorted(open_ones, key=lambda it: len(it.tests)), start=1):
            mutant.note(_judged(runner, mutant))
            sys.stderr.write(f"{done}/{len(open_ones)} {mutant.verdict}: {mutant.name}\n")
    finally:
        runner.shutdown()


def _judged(runner: MutantRunner, mutant: Mutant) -> int:
    """Run the tests that reach a mutant until one fails; return 0 when none does."""
    for tests, seconds_max in _stages(mutant.tests):
        # mutmut itself allows half of this in wall-clock time.
        runner.submit(mutant.name, tests, 2 * seconds_max, seconds_max)
        exit_code = runner.wait_for_result().exit_code
        if exit_code == _ERROR:
            sys.exit(f"pytest could not run the tests of {mutant.name}")
        if exit_code != 0:
            return exit_code
    return 0 if mutant.tests else _NO_TESTS


def _stages(tests: list[str]) -> Iterator[tuple[list[str], int]]:
    """Separate fast tests from slow ones, so that an endless mutant is noticed early."""
    seconds, quick = 0.0, 0
    for test in tests:
        seconds += state().duration_by_test[test]
        quick += seconds <= _QUICK_SECONDS
    if quick:
        yield tests[:quick], _QUICK_SECONDS_MAX
    if tests[quick:]:
        yield tests[quick:], _REST_SECONDS_MAX


def _report(sample: list[Mutant], made: int, *, seed: int) -> str:
    killed = sum(mutant.killed for mutant in sample)
    low, high = interval(killed, len(sample))
    counted = ", ".join(f"{n:,} {what}" for what, n in Counter(it.verdict for it in sample).items())
    left = sorted(mutant.name for mutant in sample if not mutant.killed)
    return (
        "".join(f"  {name}\n" for name in left)
        + f"{killed / len(sample):.1%} killed of {len(sample):,} mutants, drawn from {made:,}"
        + f" with seed {seed}; 95 % interval {low:.1%} to {high:.1%}\n{counted}\n"
    )


if __name__ == "__main__":
    main()
