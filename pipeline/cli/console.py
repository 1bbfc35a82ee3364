"""`riskgate console`: the accounts, stops, decisions and limits in a browser, and as JSON."""


def console() -> None:
    """Serve the console on http://127.0.0.1:9480; stop it with Ctrl-C.

    Read-only unless RISKGATE_CONSOLE_WRITE is set. Address, port and the proxy that authenticates
    people are settings: RISKGATE_CONSOLE_…
    """
    from pipeline.console.server import serve
    from pipeline.streams.observe.logs import set_up_logs
    from pipeline.streams.settings import Settings

    settings = Settings.from_environment()
    set_up_logs(settings)
    serve(settings)
