// `import { Kafka } from '@moldau/client/kafkajs'`: the public API of KafkaJS 2.2.4 on the native client. What is the
// same, what is better and what is not there: docs/coming-from-kafkajs.md. KafkaJS is one object, so programs in ES modules
// also say `import kafkajs from 'kafkajs'`.
import * as names from './kafkajs/names.ts';

export * from './kafkajs/names.ts';
export default names;
