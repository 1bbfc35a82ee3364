import java.math.BigDecimal;
import java.util.List;

/** What riskgate's `events` topic carries: public fields, as Jackson reads them fastest. */
public final class Event {
    public String type;
    public String accountId;
    public Instrument instrument;
    public Quote quote;
    public Body body;

    public static final class Instrument {
        public String symbol;
        public BigDecimal tickSize;
        public BigDecimal lotSize;
        public BigDecimal minQuantity;
        public BigDecimal minNotional;
        public List<String> groups = List.of();
    }

    public static final class Quote {
        public String symbol;
        public BigDecimal bid;
        public BigDecimal ask;
        public BigDecimal atr;
        public long asOfMs;
        public long offset;
    }

    public static final class Market {
        public Quote quote;
    }

    /** The body of an opening, a fill, a signal, an order status or a revaluation. */
    public static final class Body {
        public String signalId;
        public String strategyId;
        public String fillId;
        public String symbol;
        public String side;
        public String status;
        public BigDecimal amount;
        public BigDecimal quantity;
        public BigDecimal price;
        public BigDecimal limitPrice;
        public BigDecimal stopPrice;
        public BigDecimal fee = BigDecimal.ZERO;
        public boolean reduceOnly;
        public long createdAtMs;
        public List<Market> markets = List.of();
    }
}
