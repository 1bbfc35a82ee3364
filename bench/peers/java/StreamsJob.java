import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * A risk gate as a reader of Kafka Streams' documentation would write it: a processor with a
 * persistent store of accounts and one of the signals that it has seen, both cached, exactly once.
 *
 * Arguments: brokers, application id, topic to read, topic to write, state folder, commit interval
 * in ms, or "default".
 */
public final class StreamsJob {
    private static final String ACCOUNTS = "accounts";
    private static final String SIGNALS = "signals";

    public static void main(String[] arguments) throws InterruptedException {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(ACCOUNTS), Serdes.String(), accounts())
                .withCachingEnabled());
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(SIGNALS), Serdes.String(), Serdes.Long())
                .withCachingEnabled());
        builder.stream(arguments[2], Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(RiskProcessor::new, ACCOUNTS, SIGNALS)
                .to(arguments[3], Produced.with(Serdes.String(), Serdes.ByteArray()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings(arguments));
        CountDownLatch stopped = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(10));
            stopped.countDown();
        }));
        streams.start();
        stopped.await();
    }

    private static Properties settings(String[] arguments) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(arguments[4]).toString());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        if (!arguments[5].equals("default")) {
            settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Integer.parseInt(arguments[5]));
        }
        return settings;
    }

    private static Serde<Account> accounts() {
        Serializer<Account> serializer = (topic, account) -> {
            try {
                return account == null ? null : Json.WRITER.writeValueAsBytes(account);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        Deserializer<Account> deserializer = (topic, bytes) -> {
            try {
                return bytes == null ? null : Json.ACCOUNTS.readValue(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private static final class RiskProcessor implements Processor<String, byte[], String, byte[]> {
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Account> accounts;
        private KeyValueStore<String, Long> signals;
        private long heartbeatMs;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            accounts = context.getStateStore(ACCOUNTS);
            signals = context.getStateStore(SIGNALS);
        }

        @Override
        public void process(Record<String, byte[]> message) {
            try {
                Event event = Json.EVENTS.readValue(message.value());
                switch (event.type) {
                    case "heartbeat" -> heartbeatMs = message.timestamp();
                    case "signals" -> decide(message, event);
                    case "accounts", "fills", "orders", "revaluation" -> apply(message, event);
                    default -> { }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void apply(Record<String, byte[]> message, Event event) {
            Account account = accounts.get(message.key());
            if (account == null) {
                account = new Account();
            }
            Gate.apply(account, event, message.value());
            accounts.put(message.key(), account);
        }

        private void decide(Record<String, byte[]> message, Event event) throws IOException {
            String name = message.key() + ":" + event.body.signalId;
            Account account = accounts.get(message.key());
            if (account == null) {
                throw new IllegalStateException("the benchmark opens each account first");
            }
            boolean isRepeat = signals.putIfAbsent(name, message.timestamp()) != null;
            Decision decision = Gate.decide(account, event, message.value(), message.timestamp(),
                    heartbeatMs, isRepeat);
            accounts.put(message.key(), account);
            context.forward(message.withValue(Json.WRITER.writeValueAsBytes(decision)));
        }
    }
}
