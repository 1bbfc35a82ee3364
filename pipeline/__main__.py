"""`python -m pipeline`: the command `riskgate`."""

from riskgate.__main__ import main

if __name__ == "__main__":
    main()
