"""An exchange on this machine that speaks Binance's spot API over HTTP, for ccxt to talk to.

It fills market orders at once in two trades, at 100 with a fee of a thousandth, and limit orders
that reach 100; others rest.
"""

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

MARKET = Decimal(100)
NOW_MS = 1_767_225_600_000
SYMBOL = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8,
    "quoteAsset": "USDT", "quotePrecision": 8, "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"], "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False, "permissions": ["SPOT"], "permissionSets": [["SPOT"]],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "99999", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True},
    ],
}  # fmt: skip
NOT_THERE = {"code": -2013, "msg": "Order does not exist."}

Query = dict[str, str]
Answer = tuple[int, Any]


class Exchange:
    """The exchange and its HTTP server, while inside `with`."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.trades: list[dict[str, Any]] = []
        self.clock: Callable[[], int] = lambda: NOW_MS
        self.last = "100.00000001"
        self.lost_answers = 0  # Orders that are taken without an answer.
        self.poor = False  # Whether every order is refused for want of money.
        self.hidden_trades = 0  # Questions about trades that are answered with none.
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, query: Query) -> Answer:
        """Answer one request of Binance's API."""
        answers: dict[tuple[str, str], Callable[[Query], Answer]] = {
            ("GET", "/api/v3/exchangeInfo"): lambda _: (200, {"symbols": [SYMBOL]}),
            ("GET", "/api/v3/margin/allPairs"): lambda _: (200, []),
            ("GET", "/api/v3/margin/isolated/allPairs"): lambda _: (200, []),
            ("GET", "/api/v3/ticker/24hr"): lambda _: (200, [self._ticker()]),
            ("GET", "/api/v3/account"): lambda _: (200, self._account()),
            ("GET", "/api/v3/myTrades"): self._my_trades,
            ("GET", "/api/v3/order"): self._found,
            ("POST", "/api/v3/order"): self._create,
            ("DELETE", "/api/v3/order"): self._cancel,
        }
        return answers[method, path](query)

    def trade_by_hand(self) -> None:
        """Let somebody sell at the exchange's own page."""
        self._trade({"orderId": 9_000_001, "side": "SELL"}, Decimal("0.1"))

    def _ticker(self) -> dict[str, Any]:
        return {
            "symbol": "BTCUSDT", "lastPrice": self.last, "bidPrice": "99.99",
            "askPrice": "100.01", "closeTime": NOW_MS,
        }  # fmt: skip

    def _account(self) -> dict[str, Any]:
        return {
            "balances": [
                {"asset": "USDT", "free": "900.5", "locked": "99.50000001"},
                {"asset": "BTC", "free": "2", "locked": "0"},
            ]
        }

    def _my_trades(self, query: Query) -> Answer:
        if self.hidden_trades > 0:
            self.hidden_trades -= 1
            return 200, []
        mine = [each for each in self.trades if each["owner"] in {query["owner"], None}]
        return 200, [each for each in mine if each["time"] >= int(query["startTime"])]

    def _create(self, query: Query) -> Answer:
        if self.poor:
            return 400, {"code": -2010, "msg": "Account has insufficient balance."}
        if any(each["clientOrderId"] == query["newClientOrderId"] for each in self.orders):
            return 400, {"code": -2010, "msg": "Duplicate order sent."}
        order = {
            "owner": query["owner"], "symbol": "BTCUSDT", "orderId": len(self.orders) + 1,
            "side": query["side"],
            "clientOrderId": query["newClientOrderId"], "type": query["type"], "time": self.clock(),
            "price": query.get("price", "0"), "origQty": query["quantity"], "executedQty": "0",
            "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": "GTC",
        }  # fmt: skip
        self.orders.append(order)
        if query["type"] == "MARKET" or Decimal(query["price"]) >= MARKET:
            half = Decimal(query["quantity"]) / 2
            self._trade(order, half)
            self._trade(order, half)
            order |= {"status": "FILLED", "executedQty": query["quantity"]}
        if self.lost_answers:
            self.lost_answers -= 1
            return 0, None
        return 200, order

    def _trade(self, order: dict[str, Any], quantity: Decimal) -> None:
        self.trades.append(
            {
                "owner": order.get("owner"), "symbol": "BTCUSDT", "id": len(self.trades) + 1,
                "orderId": order["orderId"],
                "price": str(MARKET), "qty": str(quantity), "quoteQty": str(quantity * MARKET),
                "commission": str(quantity * MARKET / 1000), "commissionAsset": "USDT",
                "time": self.clock() + len(self.trades), "isBuyer": order["side"] == "BUY",
                "isMaker": False,
            }
        )  # fmt: skip

    def _find(self, query: Query) -> dict[str, Any] | None:
        for order in self.orders:
            if query.get("origClientOrderId") == order["clientOrderId"]:
                return order
            if query.get("orderId") == str(order["orderId"]):
                return order
        return None

    def _found(self, query: Query) -> Answer:
        order = self._find(query)
        return (400, NOT_THERE) if order is None else (200, order)

    def _cancel(self, query: Query) -> Answer:
        order = self._find(query)
        if order is None or order["status"] != "NEW":
            return 400, {"code": -2011, "msg": "Unknown order sent."}
        order["status"] = "CANCELED"
        return 200, order


def _handler(exchange: Exchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            self._reply("POST")

        def do_DELETE(self) -> None:
            self._reply("DELETE")

        def log_message(self, *_: object) -> None:
            pass

        def _reply(self, method: str) -> None:
            asked = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            query = dict(parse_qsl(asked.query) + parse_qsl(self.rfile.read(length).decode()))
            query["owner"] = self.headers.get("X-MBX-APIKEY") or ""
            status, body = exchange.answer(method, asked.path, query)
            if not status:  # The line is cut.
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    return Handler
