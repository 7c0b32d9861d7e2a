// The entry of the KafkaJS face: one configuration, from which clients are made.
import type { Ports } from '@moldau/kernel';
import { nodePorts } from '../node/default-ports.ts';
import { networkOfFactory } from '../node/socket-factory.ts';
import { Admin } from './admin.ts';
import { Consumer } from './consumer.ts';
import { createLogger, type Logger } from './logging.ts';
import type { AdminConfig, ConsumerConfig, KafkaConfig, ProducerConfig } from './model.ts';
import { withOwnMechanism } from './own-mechanism.ts';
import { Producer } from './producer.ts';
import { checkKafkaConfig } from './settings.ts';

export class Kafka {
  readonly #config: KafkaConfig;
  readonly #ports: Ports;
  readonly #logger: Logger;

  /** Throws KafkaJSNonRetriableError for what cannot work. Nothing connects yet. */
  constructor(config: KafkaConfig, ports: Ports = nodePorts) {
    checkKafkaConfig(config);
    const { logLevel: level, logCreator: creator, socketFactory, ssl } = config;
    this.#ports = socketFactory ? { ...ports, network: networkOfFactory(socketFactory, ssl) } : ports;
    this.#logger = createLogger({ clock: ports.clock, creator, ...(level === undefined ? {} : { level }) });
    this.#config = withOwnMechanism(config, this.#logger);
  }

  producer(config: ProducerConfig = {}): Producer {
    return new Producer(this.#ports, this.#config, config, this.#logger.namespace('Producer'));
  }

  consumer(config: ConsumerConfig): Consumer {
    return new Consumer(this.#ports, this.#config, config, this.#logger.namespace('Consumer'));
  }

  admin(config: AdminConfig = {}): Admin {
    return new Admin(this.#ports, this.#config, config.retry, this.#logger.namespace('Admin'));
  }

  logger(): Logger {
    return this.#logger;
  }
}
