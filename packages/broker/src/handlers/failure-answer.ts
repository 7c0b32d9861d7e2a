// The answer to a request whose handler failed unexpectedly: the API's own response with UNKNOWN_SERVER_ERROR (or
// KAFKA_STORAGE_ERROR, when the disk is why) wherever it holds an error code, as Kafka's `getErrorResponse` gives it.
// APIs whose response has a top-level error code need nothing here; the others say below how the request is mirrored.
import { APIS, type ApiName } from '@moldau/protocol';
import type { Field, Fields } from '@moldau/protocol/description/field';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import { BrokerDiskError } from '@moldau/storage';
import { ControllerUnavailable } from '../controller/controller.ts';

/** Items of the request that the answer repeats, each with the error: paths of array fields, request and response. */
interface Mirror {
  /** Field of the request and of the response that hold the items. */
  readonly items: readonly [request: string, response: string];
  /** Fields copied from an item, by their names there. */
  readonly copied: readonly (readonly [request: string, response: string])[];
  readonly inner?: Mirror;
}

const topicPartitions = (
  topics: Mirror['items'],
  names: Mirror['copied'],
  partitions: Mirror['items'],
  index: Mirror['copied'],
): Mirror => ({ items: topics, copied: names, inner: { items: partitions, copied: index } });

const mirrors: Partial<Record<ApiName, Mirror>> = {
  Produce: topicPartitions(
    ['topicData', 'responses'],
    [
      ['name', 'name'],
      ['topicId', 'topicId'],
    ],
    ['partitionData', 'partitionResponses'],
    [['index', 'index']],
  ),
  Fetch: topicPartitions(
    ['topics', 'responses'],
    [
      ['topic', 'topic'],
      ['topicId', 'topicId'],
    ],
    ['partitions', 'partitions'],
    [['partition', 'partitionIndex']],
  ),
  ListOffsets: topicPartitions(
    ['topics', 'topics'],
    [['name', 'name']],
    ['partitions', 'partitions'],
    [['partitionIndex', 'partitionIndex']],
  ),
  DeleteRecords: topicPartitions(
    ['topics', 'topics'],
    [['name', 'name']],
    ['partitions', 'partitions'],
    [['partitionIndex', 'partitionIndex']],
  ),
  OffsetForLeaderEpoch: topicPartitions(
    ['topics', 'topics'],
    [['topic', 'topic']],
    ['partitions', 'partitions'],
    [['partition', 'partition']],
  ),
  OffsetCommit: topicPartitions(
    ['topics', 'topics'],
    [
      ['name', 'name'],
      ['topicId', 'topicId'],
    ],
    ['partitions', 'partitions'],
    [['partitionIndex', 'partitionIndex']],
  ),
  Metadata: { items: ['topics', 'topics'], copied: [['name', 'name']] },
  CreateTopics: { items: ['topics', 'topics'], copied: [['name', 'name']] },
  CreatePartitions: { items: ['topics', 'results'], copied: [['name', 'name']] },
  DescribeConfigs: {
    items: ['resources', 'results'],
    copied: [
      ['resourceType', 'resourceType'],
      ['resourceName', 'resourceName'],
    ],
  },
  AlterConfigs: {
    items: ['resources', 'responses'],
    copied: [
      ['resourceType', 'resourceType'],
      ['resourceName', 'resourceName'],
    ],
  },
  IncrementalAlterConfigs: {
    items: ['resources', 'responses'],
    copied: [
      ['resourceType', 'resourceType'],
      ['resourceName', 'resourceName'],
    ],
  },
};

/** A response that carries the error, or undefined when the API has no place for one in this request. */
export function failureAnswer(api: ApiName, request: unknown, error: unknown): object | undefined {
  const code = errorCode(wireErrorOf(error));
  const { fields } = APIS[api].response as { readonly fields: Fields };
  const answer = blank(fields);
  const told = 'errorCode' in fields;
  if (told) answer.errorCode = code;
  const mirror = mirrors[api];
  if (mirror) fill(answer, fields, mirror, request, code);
  return told || mirror ? answer : undefined;
}

/** What a thrown error is on the wire. */
function wireErrorOf(error: unknown): WireError {
  if (error instanceof ControllerUnavailable) return error.error;
  return error instanceof BrokerDiskError ? 'KAFKA_STORAGE_ERROR' : 'UNKNOWN_SERVER_ERROR';
}

function fill(answer: Record<string, unknown>, fields: Fields, mirror: Mirror, request: unknown, code: number): void {
  const [from, to] = mirror.items;
  const items = (request as Record<string, unknown> | undefined)?.[from];
  const itemFields = fields[to]?.element?.fields;
  if (!Array.isArray(items) || !itemFields) return;
  answer[to] = items.map((item: Record<string, unknown>) => {
    const told = blank(itemFields);
    for (const [source, target] of mirror.copied) told[target] = item[source];
    if ('errorCode' in itemFields) told.errorCode = code;
    if (mirror.inner) fill(told, itemFields, mirror.inner, item, code);
    return told;
  });
}

/** Every field at its default. */
function blank(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, blankField(field)]));
}

function blankField(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  switch (field.kind) {
    case 'array':
      return [];
    case 'struct':
      return field.nullable ? null : blank(field.fields ?? {});
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return 'AAAAAAAAAAAAAAAAAAAAAA';
    case 'bytes':
    case 'records':
      return Buffer.alloc(0);
    default:
      // Offsets, watermarks and their like: nobody may take 0 for an answer.
      return field.kind === 'int64' ? -1 : 0;
  }
}
