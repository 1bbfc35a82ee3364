"""Settings of the HTTP door: where it answers, and who may send signals.

It believes the same proxies as the console, and the same headers.
"""

from typing import Self

from pydantic import field_validator, model_validator

from pipeline.streams.console_settings import ConsoleSettings, Names, is_loopback, names_of
from pipeline.streams.setting import setting

__all__ = ["DoorSettings"]


class DoorSettings(ConsoleSettings):
    """What only the door reads."""

    door_host: str = setting(
        "127.0.0.1",
        "",
        "Address of the HTTP door; another one needs CONSOLE_PROXIES.",
        min_length=1,
    )
    door_port: int = setting(
        9481, "port", "Port of the HTTP door; 0 takes a free one.", ge=0, le=65_535
    )
    door_names: Names = setting(
        ("localhost", "127.0.0.1"),
        "",
        "Host names under which clients reach the HTTP door; it refuses every other.",
    )
    door_groups: Names = setting(
        (),
        "",
        "Groups that may send signals; without any, every user whom the proxy lets through.",
    )
    door_waiting_max: int = setting(
        256, "requests", "Most requests that wait for a decision at once.", ge=1, le=10_000
    )

    @field_validator("door_names", "door_groups", mode="before")
    @classmethod
    def _split_door_names(cls, value: object) -> object:
        return names_of(value)

    @model_validator(mode="after")
    def _check_door(self) -> Self:
        if not self.console_proxies and not is_loopback(self.door_host):
            raise ValueError(
                f"RISKGATE_DOOR_HOST {self.door_host} lets others in; name the proxies that "
                "authenticate them in RISKGATE_CONSOLE_PROXIES"
            )
        return self
