"""`riskgate demo --keep` with fewer days of trading; everything else is the demo's own."""

import sys

from pipeline.demo.show import run_demo

TRADING_DAYS = 60

if __name__ == "__main__":
    sys.exit(run_demo(keep=True, trading_days=TRADING_DAYS))
