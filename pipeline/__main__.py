"""The command `riskgate`: a failure that a person can mend is one sentence, not a traceback."""

import sys

from pipeline.cli.app import app
from pipeline.errors import StartupError


def main() -> None:
    """Run the command line and exit with one of the codes in exit_codes."""
    try:
        app(prog_name="riskgate")
    except StartupError as error:
        sys.stderr.write(f"riskgate: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
