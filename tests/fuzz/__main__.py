"""Feed the decoders for a while: `python -m tests.fuzz SECONDS SEED`.

With atheris it follows the coverage of the decoders; without it, it changes the examples of the
messages at random from the seed. Whatever comes, decoding raises only its own error, and what
decodes is written and read again as the same bytes.
"""

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from random import Random

from pipeline.streams.roles.children import python_command
from tests.fuzz.changes import changed, examples
from topics.catalogue import INPUTS
from topics.codec import DecodeError, decode, encode

COUNT_EVERY = 1000
FEWEST = 1000  # In any run: less is no run.


def feed(data: bytes) -> None:
    """Decode as the topic that the first byte names. Raise whatever should not happen."""
    topic = INPUTS[data[0] % len(INPUTS)] if data else INPUTS[0]
    try:
        message = decode(topic, data[1:])
    except DecodeError as error:
        if not 0 < len(str(error)) < 1000:
            raise AssertionError(f"an error says too much: {error!s:.200}") from error
        return
    written = encode(message)
    if encode(decode(topic, written)) != written:
        raise AssertionError(f"{topic.name}: {written!r} is read as something else")


def by_chance(seconds: float, seed: int) -> int:
    """Feed changed examples until the time is over; return how many."""
    random, until_s, count = Random(seed), time.monotonic() + seconds, 0
    known = examples()
    while count < FEWEST or count % COUNT_EVERY or time.monotonic() < until_s:
        data = changed(random.choice(known), random)
        try:
            feed(data)
        except Exception:
            sys.stdout.write(f"input {data!r} of seed {seed} raises\n")
            raise
        count += 1
    return count


def by_coverage(seconds: float, seed: int) -> int:
    """Run atheris in a process of its own: it ends the process that it runs in."""
    limits = [f"-max_total_time={round(seconds)}", f"-seed={seed}", "-max_len=4096", "-timeout=5"]
    command = python_command("-m", "tests.fuzz.guided", "-rss_limit_mb=1024", *limits)
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    last = done.stderr.strip().splitlines()[-30:]
    if done.returncode:
        sys.stdout.writelines(f"{line}\n" for line in last)
        raise SystemExit(1)
    runs = [line for line in last if line.startswith("Done ")]
    return int(runs[-1].split()[1]) if runs else 0


def main(seconds: float, seed: int) -> int:
    """Feed the decoders and print what was done."""
    guided = find_spec("atheris") is not None
    began_s = time.process_time()
    count = (by_coverage if guided else by_chance)(seconds, seed)
    how = "atheris, by coverage" if guided else "changed examples, without coverage"
    spent_s = time.process_time() - began_s
    figures = {"inputs": count, "how": how, "seconds": round(seconds), "seed": seed,
               "cpu_s": None if guided else round(spent_s)}  # fmt: skip
    sys.stdout.write(f"{json.dumps(figures)}\n")
    return 0 if count >= FEWEST else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2])))
