import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is remembered of one account; the value of the job's state store. */
public final class Account {
    public long sequence;
    public String chain = "0000000000000000";
    public BigDecimal balance;
    public BigDecimal peakEquity;
    public BigDecimal dayStartEquity;
    public BigDecimal weekStartEquity;
    public Map<String, Position> positions = new LinkedHashMap<>();
    public Map<String, Reservation> reservations = new LinkedHashMap<>();
    public List<Long> approvalsMs = new ArrayList<>();

    /** A signed position, its mark, and what approved orders may still add. */
    public static final class Position {
        public BigDecimal quantity = BigDecimal.ZERO;
        public BigDecimal cost = BigDecimal.ZERO;
        public BigDecimal realized = BigDecimal.ZERO;
        public BigDecimal buys = BigDecimal.ZERO;
        public BigDecimal buysNotional = BigDecimal.ZERO;
        public BigDecimal sells = BigDecimal.ZERO;
        public BigDecimal sellsNotional = BigDecimal.ZERO;
        public BigDecimal mark;
        public long markMs;
        public long quoteOffset = -1;
        public List<BigDecimal> marks = new ArrayList<>();
    }

    /** An approved order that is not finished. */
    public static final class Reservation {
        public String symbol;
        public String side;
        public BigDecimal quantity;
        public BigDecimal price;
        public long untilMs;
    }
}
