"""`riskgate door`: ask for decisions over HTTP."""


def door() -> None:
    """Serve POST /signals on http://127.0.0.1:9481; stop it with Ctrl-C or SIGTERM.

    It sends a signal to the gate and answers with the decision. Address, port and who may send are
    settings: RISKGATE_DOOR_…, and RISKGATE_CONSOLE_… for the proxy that authenticates people.
    """
    from pipeline.door.server import serve
    from pipeline.streams.observe.logs import set_up_logs
    from pipeline.streams.settings import Settings

    settings = Settings.from_environment()
    set_up_logs(settings)
    serve(settings)
