// The edge: KafkaJS's variable of the environment for the level of logs. It is stronger than what the program says.

export function environmentLogLevel(): string {
  return (process.env.KAFKAJS_LOG_LEVEL ?? '').toUpperCase();
}
