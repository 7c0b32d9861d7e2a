"""Python clients under the conformance contract: `worker.py confluent|kafka-python BOOTSTRAP`.

Takes commands, one JSON line each, on standard input and answers on standard output. The lines are described in
packages/conformance/src/contract/worker.ts. Both libraries are Debian's: confluent-kafka over librdkafka 2.0.2 (which
keys its features to single protocol versions) and kafka-python 2.0.2 (which guesses the broker's release).
"""
import base64
import json
import logging
import sys
import threading

OUT = threading.Lock()


def say(line):
    with OUT:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def encoded(value):
    return None if value is None else base64.b64encode(value).decode("ascii")


def decoded(value):
    return None if value is None else base64.b64decode(value)


class Refused(Exception):
    """The broker answered with an error code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Member:
    """A consumer on a thread of its own."""

    def __init__(self, name):
        self.name = name
        self.leaving = threading.Event()
        self.assignments = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            self.poll_until_leaving()
        except Exception as failure:  # whatever ends a member is told
            say({"member": self.name, "failure": repr(failure)})

    def tell(self, held):
        say({"member": self.name, "held": sorted(held), "assignments": self.assignments})

    def leave(self):
        self.leaving.set()
        self.thread.join()


class ConfluentClient:
    """confluent-kafka."""

    def __init__(self, bootstrap):
        import confluent_kafka
        import confluent_kafka.admin

        self.kafka = confluent_kafka
        self.admin = confluent_kafka.admin
        self.base = {"bootstrap.servers": bootstrap, "reconnect.backoff.max.ms": 500, "log_level": 0}

    def create_topic(self, name, partitions, configs):
        admin = self.admin.AdminClient(self.base)
        topic = self.admin.NewTopic(name, partitions, 1, config=configs)
        for future in admin.create_topics([topic]).values():
            future.result(30)

    def sender(self, codec, acks, idempotent, java_partitioner):
        settings = {
            "compression.type": codec,
            "acks": acks,
            "enable.idempotence": idempotent,
            "message.max.bytes": 2000000,
            "message.timeout.ms": 60000,
            "linger.ms": 2,
        }
        if java_partitioner:
            settings["partitioner"] = "murmur2_random"
        return self.kafka.Producer({**self.base, **settings})

    def send(self, producer, topic, records):
        errors = []

        def delivered(error, _message):
            if error is not None:
                errors.append(error)

        for record in records:
            extra = {}
            if record["partition"] is not None:
                extra["partition"] = record["partition"]
            if record["timestamp"] is not None:
                extra["timestamp"] = record["timestamp"]
            producer.produce(
                topic,
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=[(key, decoded(value)) for key, value in record["headers"]],
                on_delivery=delivered,
                **extra,
            )
        producer.flush()
        if errors:
            raise Refused(max(errors[0].code(), 0), errors[0].str())

    def close_sender(self, producer):
        producer.flush()

    def join(self, o):
        client = self

        class ConfluentMember(Member):
            def on_error(self, error):
                if error.fatal():
                    say({"member": self.name, "failure": error.name() + " " + error.str()})

            def poll_until_leaving(self):
                settings = {
                    "group.id": o["group"],
                    "auto.offset.reset": o["reset"],
                    "session.timeout.ms": o["sessionTimeoutMs"],
                    "heartbeat.interval.ms": 300,
                    "auto.commit.interval.ms": 500,
                    # Otherwise a record counts as consumed while consume() still holds it back.
                    "enable.auto.offset.store": False,
                    "error_cb": self.on_error,
                    "topic.metadata.refresh.interval.ms": 1000,
                    "fetch.wait.max.ms": 100,
                    "partition.assignment.strategy": o["assignor"],
                    "isolation.level": o["isolation"],
                }
                if o["instanceId"] is not None:
                    settings["group.instance.id"] = o["instanceId"]
                consumer = client.kafka.Consumer({**client.base, **settings})
                held = set()
                cooperative = o["assignor"] == "cooperative-sticky"

                def assigned(_consumer, partitions):
                    self.assignments += 1
                    if not cooperative:
                        held.clear()
                    held.update(p.partition for p in partitions)
                    self.tell(held)

                def revoked(_consumer, partitions):
                    held.difference_update(p.partition for p in partitions)
                    self.tell(held)

                consumer.subscribe([o["topic"]], on_assign=assigned, on_revoke=revoked)
                while not self.leaving.is_set():
                    records = []
                    last = {}
                    for message in consumer.consume(500, 0.05):
                        if message.error() is not None:
                            self.on_error(message.error())
                            continue
                        last[message.partition()] = message.offset() + 1
                        headers = message.headers() or []
                        records.append(
                            {
                                "partition": message.partition(),
                                "offset": message.offset(),
                                "timestamp": message.timestamp()[1],
                                "key": encoded(message.key()),
                                "value": encoded(message.value()),
                                "headers": [[key, encoded(value)] for key, value in headers],
                            }
                        )
                    if records:
                        say({"member": self.name, "records": records})
                    for partition, offset in last.items():
                        try:
                            at = client.kafka.TopicPartition(o["topic"], partition, offset)
                            consumer.store_offsets(offsets=[at])
                        except client.kafka.KafkaException:
                            pass  # taken away meanwhile: its next owner reads the records again
                consumer.close()

        return ConfluentMember(o["member"])


class KafkaPythonClient:
    """kafka-python."""

    def __init__(self, bootstrap):
        import kafka
        import kafka.admin
        import kafka.errors

        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        self.kafka = kafka
        self.bootstrap = bootstrap

    def create_topic(self, name, partitions, configs):
        admin = self.kafka.KafkaAdminClient(bootstrap_servers=self.bootstrap)
        topic = self.kafka.admin.NewTopic(name, partitions, 1, topic_configs=configs)
        admin.create_topics([topic])
        admin.close()

    def sender(self, codec, acks, _idempotent, _java_partitioner):
        return self.kafka.KafkaProducer(
            bootstrap_servers=self.bootstrap,
            compression_type=None if codec == "none" else codec,
            acks="all" if acks == -1 else acks,
            retries=100,
            max_in_flight_requests_per_connection=1,
            max_request_size=2000000,
            reconnect_backoff_max_ms=500,
        )

    def send(self, producer, topic, records):
        sent = [
            producer.send(
                topic,
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=[(key, decoded(value)) for key, value in record["headers"]],
                partition=record["partition"],
                timestamp_ms=record["timestamp"],
            )
            for record in records
        ]
        producer.flush()
        for future in sent:
            try:
                future.get(60)
            except self.kafka.errors.BrokerResponseError as error:
                raise Refused(error.errno, str(error)) from error

    def close_sender(self, producer):
        producer.close()

    def join(self, o):
        client = self

        class Listener(client.kafka.ConsumerRebalanceListener):
            def __init__(self, member):
                self.member = member

            def on_partitions_assigned(self, assigned):
                self.member.assignments += 1
                self.member.tell(p.partition for p in assigned)

            def on_partitions_revoked(self, _revoked):
                self.member.tell([])

        from kafka.coordinator.assignors.range import RangePartitionAssignor
        from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

        assignors = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}

        class KafkaPythonMember(Member):
            def poll_until_leaving(self):
                consumer = client.kafka.KafkaConsumer(
                    bootstrap_servers=client.bootstrap,
                    group_id=o["group"],
                    auto_offset_reset=o["reset"],
                    session_timeout_ms=o["sessionTimeoutMs"],
                    heartbeat_interval_ms=300,
                    auto_commit_interval_ms=500,
                    metadata_max_age_ms=1000,
                    reconnect_backoff_max_ms=500,
                    partition_assignment_strategy=[assignors[o["assignor"]]],
                )
                consumer.subscribe([o["topic"]], listener=Listener(self))
                while not self.leaving.is_set():
                    records = [
                        {
                            "partition": record.partition,
                            "offset": record.offset,
                            "timestamp": record.timestamp,
                            "key": encoded(record.key),
                            "value": encoded(record.value),
                            "headers": [[key, encoded(value)] for key, value in record.headers],
                        }
                        for some in consumer.poll(100).values()
                        for record in some
                    ]
                    if records:
                        say({"member": self.name, "records": records})
                consumer.close()

        return KafkaPythonMember(o["member"])


class Worker:
    """Runs commands; each on its own thread, for those of different senders and members must not wait for each other."""

    def __init__(self, client):
        self.client = client
        self.senders = {}
        self.members = {}

    def run(self, command):
        op = command["op"]
        if op == "createTopic":
            self.client.create_topic(command["name"], command["partitions"], command["configs"])
        elif op == "openSender":
            settings = (
                command["codec"],
                command["acks"],
                command["idempotent"],
                command["javaPartitioner"],
            )
            self.senders[command["sender"]] = self.client.sender(*settings)
        elif op == "send":
            self.client.send(self.senders[command["sender"]], command["topic"], command["records"])
        elif op == "closeSender":
            self.client.close_sender(self.senders.pop(command["sender"]))
        elif op == "join":
            member = self.client.join(command)
            self.members[command["member"]] = member
            member.thread.start()
        elif op == "leave":
            self.members.pop(command["member"]).leave()
        else:
            raise ValueError("no such op: " + op)

    def answer(self, command):
        answer = {"id": command["id"]}
        try:
            self.run(command)
        except Refused as refused:
            answer.update(error=str(refused), code=refused.code)
        except Exception as failure:
            answer.update(error=repr(failure), code=0)
        say(answer)


def main():
    client = {"confluent": ConfluentClient, "kafka-python": KafkaPythonClient}[sys.argv[1]](sys.argv[2])
    worker = Worker(client)
    for line in sys.stdin:
        threading.Thread(target=worker.answer, args=(json.loads(line),), daemon=True).start()
    for member in list(worker.members.values()):
        member.leave()


main()
