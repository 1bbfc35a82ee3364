import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.math.BigDecimal;

/** JSON in riskgate's notation: snake_case, decimals as plain text without trailing zeros. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper()
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .registerModule(new SimpleModule().addSerializer(BigDecimal.class, new Plain()));
    static final ObjectReader EVENTS = MAPPER.readerFor(Event.class);
    static final ObjectReader ACCOUNTS = MAPPER.readerFor(Account.class);
    static final ObjectWriter WRITER = MAPPER.writer();

    private Json() {}

    private static final class Plain extends StdSerializer<BigDecimal> {
        Plain() {
            super(BigDecimal.class);
        }

        @Override
        public void serialize(BigDecimal value, JsonGenerator out, SerializerProvider provider)
                throws IOException {
            out.writeString(
                    value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString());
        }
    }
}
