import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The Java client under the conformance contract: takes commands, one JSON line each, on standard input and answers on
 * standard output. The lines are described in packages/conformance/src/contract/worker.ts.
 */
public final class ConformanceClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private final String bootstrap;
    private final Map<String, KafkaProducer<byte[], byte[]>> senders = new ConcurrentHashMap<>();
    private final Map<String, Membership> members = new ConcurrentHashMap<>();

    private ConformanceClient(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    public static void main(String[] args) throws Exception {
        ConformanceClient client = new ConformanceClient(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode command = JSON.readTree(line);
            // Commands of different senders and members must not wait for each other.
            daemon(() -> client.answer(command), "command");
        }
        for (Membership member : client.members.values()) member.leave();
        System.exit(0);
    }

    private static void daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void say(ObjectNode line) {
        synchronized (OUT) {
            OUT.println(line);
            OUT.flush();
        }
    }

    private void answer(JsonNode command) {
        ObjectNode answer = JSON.createObjectNode();
        answer.put("id", command.get("id").asInt());
        try {
            run(command);
        } catch (Throwable thrown) {
            Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
            Errors error = Errors.forException(cause);
            answer.put("error", cause.toString());
            answer.put("code", error == Errors.UNKNOWN_SERVER_ERROR ? 0 : error.code());
        }
        say(answer);
    }

    private void run(JsonNode command) throws Exception {
        switch (command.get("op").asText()) {
            case "createTopic" -> createTopic(command);
            case "openSender" -> senders.put(command.get("sender").asText(), openSender(command));
            case "send" -> send(command);
            case "begin" -> senders.get(command.get("sender").asText()).beginTransaction();
            case "commit" -> senders.get(command.get("sender").asText()).commitTransaction();
            case "abort" -> senders.get(command.get("sender").asText()).abortTransaction();
            case "closeSender" -> senders.remove(command.get("sender").asText()).close(Duration.ofSeconds(20));
            case "join" -> join(command);
            case "leave" -> members.remove(command.get("member").asText()).leave();
            default -> throw new IllegalArgumentException("no such op: " + command.get("op"));
        }
    }

    private void createTopic(JsonNode command) throws Exception {
        Map<String, String> configs = new HashMap<>();
        command.get("configs").fields().forEachRemaining(entry -> configs.put(entry.getKey(), entry.getValue().asText()));
        NewTopic topic = new NewTopic(command.get("name").asText(), command.get("partitions").asInt(), (short) 1);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(topic.configs(configs))).all().get();
        }
    }

    private KafkaProducer<byte[], byte[]> openSender(JsonNode command) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("compression.type", command.get("codec").asText());
        settings.put("acks", command.get("acks").asText());
        settings.put("enable.idempotence", command.get("idempotent").asBoolean());
        settings.put("max.request.size", 5_000_000);
        settings.put("reconnect.backoff.max.ms", 500);
        settings.put("linger.ms", 2);
        if (command.get("transactionalId").isNull()) {
            return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        }
        settings.put("transactional.id", command.get("transactionalId").asText());
        settings.put("enable.idempotence", true);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            producer.initTransactions();
        } catch (RuntimeException failure) {
            producer.close(Duration.ZERO);
            throw failure;
        }
        return producer;
    }

    private void send(JsonNode command) throws Exception {
        KafkaProducer<byte[], byte[]> producer = senders.get(command.get("sender").asText());
        String topic = command.get("topic").asText();
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (JsonNode record : command.get("records")) {
            Integer partition = record.get("partition").isNull() ? null : record.get("partition").asInt();
            Long timestamp = record.get("timestamp").isNull() ? null : record.get("timestamp").asLong();
            byte[] key = bytes(record.get("key"));
            byte[] value = bytes(record.get("value"));
            ProducerRecord<byte[], byte[]> one = new ProducerRecord<>(topic, partition, timestamp, key, value);
            for (JsonNode header : record.get("headers")) {
                one.headers().add(header.get(0).asText(), bytes(header.get(1)));
            }
            sent.add(producer.send(one));
        }
        for (Future<RecordMetadata> one : sent) one.get();
    }

    private void join(JsonNode command) throws Exception {
        Membership member = new Membership(command);
        members.put(command.get("member").asText(), member);
        member.start();
    }

    private static byte[] bytes(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }

    private static String assignorClass(String name) {
        String all = "org.apache.kafka.clients.consumer.";
        return switch (name) {
            case "range" -> all + "RangeAssignor";
            case "roundrobin" -> all + "RoundRobinAssignor";
            case "cooperative-sticky" -> all + "CooperativeStickyAssignor";
            default -> throw new IllegalArgumentException("no such assignor: " + name);
        };
    }

    /** A consumer on a thread of its own. Commits by itself twice a second and when it closes. */
    private final class Membership implements ConsumerRebalanceListener {
        private final String name;
        private final String topic;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final CountDownLatch ended = new CountDownLatch(1);
        private int assignments;
        private volatile boolean leaving;

        Membership(JsonNode command) {
            name = command.get("member").asText();
            topic = command.get("topic").asText();
            Map<String, Object> settings = new HashMap<>();
            settings.put("bootstrap.servers", bootstrap);
            settings.put("group.id", command.get("group").asText());
            settings.put("auto.offset.reset", command.get("reset").asText());
            settings.put("isolation.level", command.get("isolation").asText());
            settings.put("auto.commit.interval.ms", 500);
            settings.put("metadata.max.age.ms", 1_000);
            settings.put("reconnect.backoff.max.ms", 500);
            if (command.get("protocol").asText().equals("consumer")) {
                // KIP-848: sessions, heartbeats and the assignor are the broker's, and the client refuses its own.
                settings.put("group.protocol", "consumer");
            } else {
                settings.put("session.timeout.ms", command.get("sessionTimeoutMs").asInt());
                settings.put("heartbeat.interval.ms", 300);
                settings.put("partition.assignment.strategy", assignorClass(command.get("assignor").asText()));
            }
            if (!command.get("instanceId").isNull()) {
                settings.put("group.instance.id", command.get("instanceId").asText());
            }
            consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        void start() {
            consumer.subscribe(List.of(topic), this);
            daemon(this::poll, name);
        }

        private void poll() {
            try {
                while (!leaving) hand(consumer.poll(Duration.ofMillis(100)));
            } catch (WakeupException woken) {
                // Leaving.
            } catch (Throwable failure) {
                ObjectNode line = line();
                line.put("failure", failure.toString());
                say(line);
            } finally {
                try {
                    consumer.close();
                } catch (Throwable failure) {
                    System.err.println("close: " + failure);
                }
                ended.countDown();
            }
        }

        private void hand(ConsumerRecords<byte[], byte[]> records) {
            if (records.isEmpty()) return;
            ObjectNode line = line();
            ArrayNode list = line.putArray("records");
            for (ConsumerRecord<byte[], byte[]> record : records) {
                ObjectNode one = list.addObject();
                one.put("partition", record.partition());
                one.put("offset", record.offset());
                one.put("timestamp", record.timestamp());
                one.put("key", text(record.key()));
                one.put("value", text(record.value()));
                ArrayNode headers = one.putArray("headers");
                for (Header header : record.headers()) headers.addArray().add(header.key()).add(text(header.value()));
            }
            say(line);
        }

        private ObjectNode line() {
            return JSON.createObjectNode().put("member", name);
        }

        private void tell(Collection<TopicPartition> held) {
            ObjectNode line = line().put("assignments", assignments);
            ArrayNode list = line.putArray("held");
            for (TopicPartition partition : held) list.add(partition.partition());
            say(line);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            List<TopicPartition> left = new ArrayList<>(consumer.assignment());
            left.removeAll(partitions);
            tell(left);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            assignments++;
            tell(consumer.assignment());
        }

        void leave() throws InterruptedException {
            leaving = true;
            consumer.wakeup();
            ended.await();
        }
    }
}
