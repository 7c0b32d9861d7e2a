/** A refusal whose text says all; other errors are shown with the word Error before them, as Kafka's tool does. */
export class TerseError extends Error {}
