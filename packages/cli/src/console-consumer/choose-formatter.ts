// --formatter: a class name of Kafka's, of today or of earlier releases, to the formatter it stands for.
import type { Properties } from '../settings/properties.ts';
import { defaultFormatter, type Formatter, loggingFormatter, noOpFormatter } from './formatter.ts';

/** Throws on a name that stands for none of them, naming those that are there. */
export async function chooseFormatter(
  name: string,
  properties: Properties,
  log: (line: string) => void,
): Promise<Formatter> {
  // kafka.tools.X, org.apache.kafka.tools.consumer.X, kafka.coordinator.group.GroupMetadataManager$X
  switch (name.replace(/^.*[.$]/, '').replace(/MessageFormatter$/, '')) {
    case 'Default':
      return defaultFormatter(properties);
    case 'Logging':
      return loggingFormatter(properties, log);
    case 'NoOp':
      return noOpFormatter;
    case 'Offsets':
      return (await coordinator()).coordinatorFormatter('__consumer_offsets', [0, 1]);
    case 'GroupMetadata':
      return (await coordinator()).coordinatorFormatter('__consumer_offsets', [2]);
    case 'ShareGroup':
      return (await coordinator()).coordinatorFormatter('__consumer_offsets', [10, 11, 12, 13, 14, 15]);
    case 'TransactionLog':
      return (await coordinator()).coordinatorFormatter('__transaction_state');
    case 'ShareGroupState':
      return (await coordinator()).coordinatorFormatter('__share_group_state');
    default:
      throw new Error(
        `${name}: no such formatter; there are DefaultMessageFormatter, LoggingMessageFormatter, NoOpMessageFormatter, ` +
          'OffsetsMessageFormatter, GroupMetadataMessageFormatter, ShareGroupMessageFormatter, ' +
          'TransactionLogMessageFormatter and ShareGroupStateMessageFormatter',
      );
  }
}

const coordinator = () => import('./coordinator-formatters.ts');
