// ConsumerGroupRegularExpression (type 16 of __consumer_offsets): what a subscription by regular expression resolved to (KIP-848).
import { array, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupRegularExpressionKey = recordKey({
  type: 16,
  name: 'ConsumerGroupRegularExpressionKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), regularExpression: string() },
});
export type ConsumerGroupRegularExpressionKey = MessageOf<typeof ConsumerGroupRegularExpressionKey>;

export const ConsumerGroupRegularExpressionValue = recordValue({
  type: 16,
  name: 'ConsumerGroupRegularExpressionValue',
  versions: '0',
  flexible: '0+',
  fields: { topics: array(string()), version: int64(), timestamp: int64() },
});
export type ConsumerGroupRegularExpressionValue = MessageOf<typeof ConsumerGroupRegularExpressionValue>;
