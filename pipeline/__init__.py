"""riskgate: the risk gate itself, from the pure core to the command line."""

from zoneinfo import reset_tzpath

# Time zones come from the tzdata package that rules_version names, never from the machine: two
# hosts of one rules_version must roll the day at the same instant.
reset_tzpath(to=())
