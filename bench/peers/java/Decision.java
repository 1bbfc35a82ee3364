import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** The decision as riskgate writes it. */
public final class Decision {
    public String kind = "decision";
    public String decisionId;
    public String signalId;
    public String accountId;
    public String strategyId;
    public String symbol;
    public String side;
    public String verdict;
    public BigDecimal requestedQuantity;
    public BigDecimal approvedQuantity;
    public BigDecimal limitPrice;
    public BigDecimal stopPrice;
    public boolean reduceOnly;
    public BigDecimal riskScore;
    public List<String> reasons = new ArrayList<>();
    public String bindingRule;
    public List<Check> checks = new ArrayList<>(Gate.RULES);
    public String tradingState = "active";
    public BigDecimal equity;
    public BigDecimal drawdownRatio;
    public BigDecimal dailyPnl;
    public BigDecimal weeklyPnl;
    public String limitsVersion = "1.0";
    public long validUntilMs;
    public long sequence;
    public String chain;
    public String rulesVersion = "peer";
    public long atMs;

    /** What one rule measured. */
    public static final class Check {
        public String rule;
        public String verdict;
        public BigDecimal measured;
        public BigDecimal limit;
        public BigDecimal headroom;
        public String unit;
    }
}
