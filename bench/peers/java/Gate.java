import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * riskgate's usual rules in BigDecimal, on one account.
 *
 * It knows no currencies, trading days, exits or emergency stops, so it does less than
 * riskgate. On the signals of the benchmark it decides the same; `agreement.py` compares both.
 */
final class Gate {
    static final int RULES = 22;
    static final MathContext MONEY = new MathContext(34, RoundingMode.HALF_EVEN);
    private static final int RATIO_DIGITS = 18;
    private static final BigDecimal ZERO = BigDecimal.ZERO;
    private static final BigDecimal AGE_MS_MAX = new BigDecimal(5000);
    private static final BigDecimal MARK_AGE_MS_MAX = new BigDecimal(60_000);
    private static final BigDecimal COLLAR_RATIO = new BigDecimal("0.05");
    private static final BigDecimal ORDER_NOTIONAL_MAX = new BigDecimal(4000);
    private static final BigDecimal ORDER_RATIO_MAX = new BigDecimal("0.05");
    private static final BigDecimal POSITION_RATIO_MAX = new BigDecimal("0.1");
    private static final BigDecimal GROSS_RATIO_MAX = new BigDecimal("0.8");
    private static final BigDecimal DAILY_LOSS_RATIO = new BigDecimal("0.02");
    private static final BigDecimal WEEKLY_LOSS_RATIO = new BigDecimal("0.05");
    private static final BigDecimal DRAWDOWN_RATIO_MAX = new BigDecimal("0.05");
    private static final BigDecimal STOP_MULTIPLE = new BigDecimal(2);
    private static final BigDecimal STOP_RATIO = new BigDecimal("0.02");
    private static final BigDecimal COUNT_MAX = new BigDecimal(1000);
    private static final long VALID_MS = 2000;
    private static final long RATE_WINDOW_MS = 60_000;
    private static final int MARKS = 3;

    private Gate() {}

    /** Book an opening or a fill, release what an order reserved, or take newer quotes. */
    static void apply(Account account, Event event, byte[] raw) {
        advance(account, raw);
        switch (event.type) {
            case "accounts" -> open(account, event.body.amount);
            case "fills" -> book(account, event);
            case "orders" -> release(account, event);
            default -> event.body.markets.forEach(market -> takeQuote(account, market.quote));
        }
        takeQuote(account, event.quote);
    }

    private static void open(Account account, BigDecimal amount) {
        account.balance = amount;
        account.peakEquity = amount;
        account.dayStartEquity = amount;
        account.weekStartEquity = amount;
    }

    private static void book(Account account, Event event) {
        Event.Body fill = event.body;
        Account.Position position =
                account.positions.computeIfAbsent(fill.symbol, name -> new Account.Position());
        boolean isBuy = fill.side.equals("buy");
        BigDecimal signed = isBuy ? fill.quantity : fill.quantity.negate();
        BigDecimal held = position.quantity;
        if (held.signum() * signed.signum() >= 0) {
            position.cost = position.cost.add(signed.multiply(fill.price, MONEY), MONEY);
        } else {
            BigDecimal closed = signed.abs().min(held.abs());
            BigDecimal share = position.cost.multiply(closed, MONEY).divide(held.abs(), MONEY);
            BigDecimal signedClosed = held.signum() > 0 ? closed : closed.negate();
            BigDecimal gained = signedClosed.multiply(fill.price, MONEY).subtract(share, MONEY);
            BigDecimal opened = signed.add(signedClosed, MONEY);
            position.realized = position.realized.add(gained, MONEY);
            account.balance = account.balance.add(gained, MONEY);
            position.cost = position.cost.subtract(share, MONEY)
                    .add(opened.multiply(fill.price, MONEY), MONEY);
        }
        position.quantity = held.add(signed, MONEY);
        position.realized = position.realized.subtract(fill.fee, MONEY);
        account.balance = account.balance.subtract(fill.fee, MONEY);
    }

    private static void release(Account account, Event event) {
        if (!event.body.status.equals("accepted")) {
            release(account, event.body.signalId);
        }
    }

    static void release(Account account, String signalId) {
        Account.Reservation gone = account.reservations.remove(signalId);
        if (gone != null) {
            reserve(account.positions.get(gone.symbol), gone.side, gone.quantity.negate(),
                    gone.price);
        }
    }

    private static void reserve(
            Account.Position position, String side, BigDecimal quantity, BigDecimal price) {
        BigDecimal notional = quantity.multiply(price, MONEY);
        if (side.equals("buy")) {
            position.buys = position.buys.add(quantity, MONEY);
            position.buysNotional = position.buysNotional.add(notional, MONEY);
        } else {
            position.sells = position.sells.add(quantity, MONEY);
            position.sellsNotional = position.sellsNotional.add(notional, MONEY);
        }
    }

    private static void takeQuote(Account account, Event.Quote quote) {
        Account.Position position = quote == null ? null : account.positions.get(quote.symbol);
        if (position == null || quote.offset <= position.quoteOffset) {
            return;
        }
        position.mark = position.quantity.signum() < 0 ? quote.ask : quote.bid;
        position.markMs = quote.asOfMs;
        position.quoteOffset = quote.offset;
        position.marks.add(position.mark);
        if (position.marks.size() > MARKS) {
            position.marks.remove(0);
        }
    }

    private static void advance(Account account, byte[] raw) {
        account.sequence++;
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(account.chain.getBytes(StandardCharsets.US_ASCII));
            account.chain = HexFormat.of().formatHex(digest.digest(raw), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Decide a signal: approve it, cut it to what the limits leave, or reject it. */
    static Decision decide(
            Account account, Event event, byte[] raw, long nowMs, long heartbeatMs, boolean isRepeat) {
        advance(account, raw);
        account.positions.computeIfAbsent(event.body.symbol, name -> new Account.Position());
        takeQuote(account, event.quote);
        account.approvalsMs.removeIf(at -> at <= nowMs - RATE_WINDOW_MS);
        View view = new View(account, event, nowMs, heartbeatMs, isRepeat);
        BigDecimal asked = floor(event.body.quantity, event.instrument.lotSize);
        Decision decision = new Decision();
        BigDecimal approved = asked;
        view.check(decision, asked);
        if (!decision.reasons.isEmpty()) {
            approved = view.fitting(decision, asked);
        }
        describe(decision, view, approved);
        if (approved.signum() > 0) {
            approve(account, decision, nowMs);
        }
        return decision;
    }

    private static void describe(Decision decision, View view, BigDecimal approved) {
        Event.Body signal = view.event.body;
        decision.decisionId = signal.signalId;
        decision.signalId = signal.signalId;
        decision.accountId = view.event.accountId;
        decision.strategyId = signal.strategyId;
        decision.symbol = signal.symbol;
        decision.side = signal.side;
        decision.requestedQuantity = signal.quantity;
        decision.approvedQuantity = approved;
        boolean isWhole = approved.compareTo(signal.quantity) == 0;
        decision.verdict = approved.signum() == 0 ? "rejected" : isWhole ? "approved" : "modified";
        decision.limitPrice = signal.limitPrice;
        decision.stopPrice = view.stopPrice();
        decision.equity = view.equity;
        decision.drawdownRatio = view.drawdown;
        decision.dailyPnl = view.daily;
        decision.weeklyPnl = view.weekly;
        decision.validUntilMs = view.nowMs + VALID_MS;
        decision.sequence = view.account.sequence;
        decision.chain = view.account.chain;
        decision.atMs = view.nowMs;
    }

    private static void approve(Account account, Decision decision, long nowMs) {
        Account.Reservation reservation = new Account.Reservation();
        reservation.symbol = decision.symbol;
        reservation.side = decision.side;
        reservation.quantity = decision.approvedQuantity;
        reservation.price = decision.limitPrice;
        reservation.untilMs = nowMs + RATE_WINDOW_MS;
        account.reservations.put(decision.signalId, reservation);
        account.approvalsMs.add(nowMs);
        reserve(account.positions.get(decision.symbol), decision.side, decision.approvedQuantity,
                decision.limitPrice);
    }

    static BigDecimal floor(BigDecimal quantity, BigDecimal lot) {
        return quantity.subtract(quantity.remainder(lot, MONEY), MONEY);
    }

    /** The account as one order sees it: totals once, then one check after the other. */
    private static final class View {
        final Account account;
        final Event event;
        final long nowMs;
        final BigDecimal equity;
        final BigDecimal drawdown;
        final BigDecimal daily;
        final BigDecimal weekly;
        private final long heartbeatMs;
        private final boolean isRepeat;
        private final Account.Position position;
        private BigDecimal unrealized = ZERO;
        private BigDecimal worst = ZERO;
        private BigDecimal cost = ZERO;
        private BigDecimal opening = ZERO;

        View(Account account, Event event, long nowMs, long heartbeatMs, boolean isRepeat) {
            this.account = account;
            this.event = event;
            this.nowMs = nowMs;
            this.heartbeatMs = heartbeatMs;
            this.isRepeat = isRepeat;
            this.position = account.positions.get(event.body.symbol);
            account.positions.values().forEach(this::total);
            equity = account.balance.add(unrealized, MONEY);
            account.peakEquity = account.peakEquity.max(equity);
            drawdown = ratio(account.peakEquity.subtract(equity, MONEY), account.peakEquity);
            daily = equity.subtract(account.dayStartEquity, MONEY);
            weekly = equity.subtract(account.weekStartEquity, MONEY);
        }

        private void total(Account.Position held) {
            BigDecimal mark = held.mark == null ? ZERO : held.mark;
            BigDecimal value = held.quantity.multiply(mark, MONEY);
            unrealized = unrealized.add(value.subtract(held.cost, MONEY), MONEY);
            worst = worst.add(worstOf(value, held.buysNotional, held.sellsNotional), MONEY);
            cost = cost.add(held.cost.abs(), MONEY);
            opening = opening.add(held.buysNotional, MONEY).add(held.sellsNotional, MONEY);
        }

        private BigDecimal worstWith(BigDecimal notional) {
            BigDecimal value = position.quantity.multiply(position.mark, MONEY);
            boolean isBuy = event.body.side.equals("buy");
            BigDecimal buys = isBuy ? position.buysNotional.add(notional, MONEY)
                    : position.buysNotional;
            BigDecimal sells = isBuy ? position.sellsNotional
                    : position.sellsNotional.add(notional, MONEY);
            return worstOf(value, buys, sells);
        }

        private static BigDecimal worstOf(BigDecimal value, BigDecimal buys, BigDecimal sells) {
            return value.add(buys, MONEY).abs().max(value.subtract(sells, MONEY).abs());
        }

        void check(Decision decision, BigDecimal quantity) {
            Event.Body signal = event.body;
            decision.checks.clear();
            decision.reasons.clear();
            say(decision, "duplicate_signal", !isRepeat);
            say(decision, "trading_state", true);
            say(decision, "unknown_account", account.balance != null);
            say(decision, "unknown_instrument", event.instrument != null);
            cap(decision, "heartbeat", "ms", big(nowMs - heartbeatMs), AGE_MS_MAX);
            cap(decision, "signal_age", "ms", big(nowMs - signal.createdAtMs), AGE_MS_MAX);
            terms(decision, quantity);
            say(decision, "instrument_status", true);
            cap(decision, "stale_mark", "ms", big(nowMs - position.markMs), MARK_AGE_MS_MAX);
            add(decision, "unknown_rate", "ms", null, MARK_AGE_MS_MAX, true);
            BigDecimal reference = signal.side.equals("buy") ? event.quote.ask : event.quote.bid;
            BigDecimal away = ratio(signal.limitPrice, reference).subtract(BigDecimal.ONE).abs();
            cap(decision, "price_collar", "ratio", away, COLLAR_RATIO);
            say(decision, "reduce_only", !signal.reduceOnly);
            checkMoney(decision, quantity.multiply(signal.limitPrice, MONEY));
            cap(decision, "order_rate", "count", big(account.approvalsMs.size() + 1), COUNT_MAX);
            cap(decision, "too_many", "count", big(account.reservations.size() + 1), COUNT_MAX);
        }

        private void checkMoney(Decision decision, BigDecimal notional) {
            BigDecimal own = worstWith(notional);
            BigDecimal gross = worst.subtract(worstWith(ZERO), MONEY).add(own, MONEY);
            cap(decision, "order_notional", "money", notional, ORDER_NOTIONAL_MAX);
            cap(decision, "order_ratio", "ratio", ratio(notional, equity), ORDER_RATIO_MAX);
            cap(decision, "position_ratio", "ratio", ratio(own, equity), POSITION_RATIO_MAX);
            cap(decision, "gross_exposure", "ratio", ratio(gross, equity), GROSS_RATIO_MAX);
            cap(decision, "cash", "money", notional, freeCash());
            cap(decision, "daily_loss", "money", daily.negate(),
                    DAILY_LOSS_RATIO.multiply(account.dayStartEquity, MONEY));
            cap(decision, "weekly_loss", "money", weekly.negate(),
                    WEEKLY_LOSS_RATIO.multiply(account.weekStartEquity, MONEY));
            cap(decision, "drawdown", "ratio", drawdown, DRAWDOWN_RATIO_MAX);
        }

        private BigDecimal freeCash() {
            return account.balance.subtract(cost, MONEY).subtract(opening, MONEY);
        }

        private void terms(Decision decision, BigDecimal quantity) {
            boolean onTick = event.body.limitPrice.remainder(event.instrument.tickSize).signum() == 0;
            boolean isEnough = quantity.signum() > 0
                    && quantity.compareTo(event.instrument.minQuantity) >= 0
                    && (event.instrument.minNotional == null
                            || quantity.multiply(event.body.limitPrice, MONEY)
                                            .compareTo(event.instrument.minNotional) >= 0);
            add(decision, "instrument", "quantity", quantity, null, onTick && isEnough);
        }

        /** Return the largest quantity that no limit forbids; the decision keeps what was asked. */
        BigDecimal fitting(Decision decision, BigDecimal asked) {
            BigDecimal used = worstWith(ZERO);
            BigDecimal room = ORDER_NOTIONAL_MAX.min(ORDER_RATIO_MAX.multiply(equity, MONEY))
                    .min(POSITION_RATIO_MAX.multiply(equity, MONEY).subtract(used, MONEY))
                    .min(GROSS_RATIO_MAX.multiply(equity, MONEY).subtract(worst, MONEY))
                    .min(freeCash());
            BigDecimal fitting = room.divide(event.body.limitPrice, new MathContext(34,
                    RoundingMode.DOWN)).min(asked);
            BigDecimal quantity = floor(fitting.max(ZERO), event.instrument.lotSize);
            Decision again = new Decision();
            check(again, quantity);
            return again.reasons.isEmpty() ? quantity : ZERO;
        }

        /** The signal's own stop price, else one by ATR, else by ratio, on the tick. */
        BigDecimal stopPrice() {
            if (event.body.stopPrice != null) {
                return event.body.stopPrice;
            }
            boolean isBuy = event.body.side.equals("buy");
            BigDecimal price = isBuy ? event.quote.ask : event.quote.bid;
            BigDecimal away = event.quote.atr == null ? STOP_RATIO.multiply(price, MONEY)
                    : STOP_MULTIPLE.multiply(event.quote.atr, MONEY);
            BigDecimal stop = isBuy ? price.subtract(away, MONEY) : price.add(away, MONEY);
            BigDecimal tick = event.instrument.tickSize;
            return stop.divide(tick, 0, isBuy ? RoundingMode.CEILING : RoundingMode.FLOOR)
                    .multiply(tick);
        }

        private static BigDecimal big(long value) {
            return BigDecimal.valueOf(value);
        }

        private static BigDecimal ratio(BigDecimal part, BigDecimal whole) {
            return part.divide(whole, MONEY);
        }

        private static void say(Decision decision, String rule, boolean passes) {
            add(decision, rule, null, null, null, passes);
        }

        private static void cap(
                Decision decision, String rule, String unit, BigDecimal measured, BigDecimal limit) {
            add(decision, rule, unit, measured, limit, measured.compareTo(limit) <= 0);
        }

        private static void add(Decision decision, String rule, String unit, BigDecimal measured,
                BigDecimal limit, boolean passes) {
            Decision.Check check = new Decision.Check();
            check.rule = rule;
            check.unit = unit;
            check.verdict = passes ? "pass" : "breach";
            check.measured = rounded(measured, unit);
            check.limit = limit;
            if (measured != null && limit != null) {
                check.headroom = rounded(limit.subtract(measured, MONEY), unit);
            }
            if (!passes) {
                decision.reasons.add(rule);
            }
            decision.checks.add(check);
        }

        private static BigDecimal rounded(BigDecimal number, String unit) {
            return number != null && "ratio".equals(unit)
                    ? number.setScale(RATIO_DIGITS, RoundingMode.HALF_EVEN) : number;
        }
    }
}
