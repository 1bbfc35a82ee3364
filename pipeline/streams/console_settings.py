"""Settings of the console: where it answers, and whom it believes.

Apart from settings.py because no role that decides reads any of them.
"""

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from pipeline.streams.setting import setting

__all__ = ["ConsoleSettings", "Names", "is_loopback", "names_of"]

HEADER = r"^[A-Za-z0-9-]{1,100}$"
Names = Annotated[tuple[str, ...], NoDecode]


class ConsoleSettings(BaseSettings):
    """What only the console reads."""

    console_host: str = setting(
        "127.0.0.1", "", "Address of the console; another one needs CONSOLE_PROXIES.", min_length=1
    )
    console_port: int = setting(
        9480, "port", "Port of the console; 0 takes a free one.", ge=0, le=65_535
    )
    console_names: Names = setting(
        ("localhost", "127.0.0.1"),
        "",
        "Host names under which browsers reach the console; it refuses every other.",
    )
    console_proxies: Names = setting(
        (),
        "",
        "Addresses or networks of the proxies that authenticate; nobody else is answered then.",
    )
    console_user_header: str = setting(
        "X-Forwarded-User", "", "Header in which the proxy names the user.", pattern=HEADER
    )
    console_groups_header: str = setting(
        "X-Forwarded-Groups",
        "",
        "Header in which it names their groups, separated by commas.",
        pattern=HEADER,
    )
    console_viewers: Names = setting(
        (), "", "Groups that may look; without any, every user whom the proxy lets through."
    )

    console_operators: Names = setting(
        (), "", "Groups that may also halt, reduce and resume an account."
    )
    console_approvers: Names = setting(
        (), "", "Groups that may also flatten, and act on every account at once."
    )
    console_budgets: Path | None = setting(
        None, "", "File of budgets that the console shows, as `riskgate budgets` reads it."
    )
    console_write: bool = setting(
        default=False,
        unit="",
        meaning="Whether the console may write controls; needs CONSOLE_PROXIES.",
    )

    @field_validator(
        "console_names",
        "console_proxies",
        "console_viewers",
        "console_operators",
        "console_approvers",
        mode="before",
    )
    @classmethod
    def _split_names(cls, value: object) -> object:
        return names_of(value)

    @field_validator("console_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(
                    "Proxies must be addresses or networks, as in 10.1.0.0/16"
                ) from None
        return value

    @model_validator(mode="after")
    def _check_console(self) -> Self:
        if self.console_proxies:
            return self
        if not is_loopback(self.console_host):
            raise ValueError(
                f"RISKGATE_CONSOLE_HOST {self.console_host} lets others in; name the proxies that "
                "authenticate them in RISKGATE_CONSOLE_PROXIES"
            )
        if self.console_write:
            raise ValueError(
                "RISKGATE_CONSOLE_WRITE needs to know who acts; name the proxies that authenticate "
                "people in RISKGATE_CONSOLE_PROXIES"
            )
        return self


def names_of(value: object) -> object:
    """Split names at their commas; what is no text is left to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
