import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The gate without Kafka: CPU of this thread per signal.
 *
 * Arguments: a file with one event a line (those before the line "--" prepare the account), the
 * append time in ms, signals per round. Prints: microseconds of the core, those with decode and
 * encode, and the sum of the quantities that one pass over the signals approves.
 */
public final class CoreLoop {
    private static final int WARM_UP_ROUNDS = 4;
    private static final int ROUNDS = 3;
    private static final int RESERVATIONS = 5;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public static void main(String[] arguments) throws IOException {
        long nowMs = Long.parseLong(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        Account account = new Account();
        List<byte[]> signals = new ArrayList<>();
        boolean isPrepared = false;
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            byte[] raw = line.getBytes(StandardCharsets.UTF_8);
            if (line.equals("--")) {
                isPrepared = true;
            } else if (isPrepared) {
                signals.add(raw);
            } else {
                Event event = Json.EVENTS.readValue(raw);
                if (event.type.equals("signals")) {
                    Gate.decide(account, event, raw, nowMs, nowMs, false);
                } else if (!event.accountId.equals("*")) {
                    Gate.apply(account, event, raw);
                }
            }
        }
        for (int round = 0; round < WARM_UP_ROUNDS; round++) {
            spentUs(account, signals, nowMs, count, round % 2 == 0);
        }
        double core = Double.MAX_VALUE;
        double whole = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            core = Math.min(core, spentUs(account, signals, nowMs, count, false));
            whole = Math.min(whole, spentUs(account, signals, nowMs, count, true));
        }
        System.out.printf("%.2f %.2f %s%n", core, whole, approved(account, signals, nowMs));
    }

    private static String approved(Account account, List<byte[]> signals, long nowMs)
            throws IOException {
        BigDecimal sum = BigDecimal.ZERO;
        for (byte[] raw : signals) {
            Event event = Json.EVENTS.readValue(raw);
            Decision decision = Gate.decide(account, event, raw, nowMs, nowMs, false);
            forget(account, decision);
            sum = sum.add(decision.approvedQuantity);
        }
        return sum.stripTrailingZeros().toPlainString();
    }

    /** Cancel the order at once, so that each signal finds the same five reservations. */
    private static void forget(Account account, Decision decision) {
        Gate.release(account, decision.signalId);
        account.approvalsMs.subList(RESERVATIONS, account.approvalsMs.size()).clear();
    }

    private static double spentUs(
            Account account, List<byte[]> signals, long nowMs, int count, boolean isWhole)
            throws IOException {
        List<Event> decoded = new ArrayList<>();
        for (byte[] raw : signals) {
            decoded.add(Json.EVENTS.readValue(raw));
        }
        long written = 0;
        long began = THREADS.getCurrentThreadCpuTime();
        for (int number = 0; number < count; number++) {
            byte[] raw = signals.get(number % signals.size());
            Event event = isWhole ? Json.EVENTS.readValue(raw) : decoded.get(number % signals.size());
            Decision decision = Gate.decide(account, event, raw, nowMs, nowMs, false);
            forget(account, decision);
            written += isWhole ? Json.WRITER.writeValueAsBytes(decision).length
                    : decision.checks.size();
        }
        double spent = (THREADS.getCurrentThreadCpuTime() - began) / 1e3 / count;
        if (written == 0) {
            throw new IllegalStateException("nothing was decided");
        }
        return spent;
    }
}
