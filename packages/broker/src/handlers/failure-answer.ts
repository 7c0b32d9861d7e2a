// The answer to a request whose handler failed unexpectedly: the API's own response with UNKNOWN_SERVER_ERROR (or
// KAFKA_STORAGE_ERROR, when the disk is why) wherever it holds an error code, as Kafka's `getErrorResponse` gives it.
// APIs whose response has a top-level error code need nothing here; the others say below how the request is mirrored.
import { APIS, type ApiName } from '@moldau/protocol';
import type { Field, Fields } from '@moldau/protocol/description/field';
import { includes, parseVersions } from '@moldau/protocol/description/versions';
import { errorCode, WIRE_ERRORS, type WireError } from '@moldau/protocol/errors';
import { BrokerDiskError } from '@moldau/storage';
import { ControllerUnavailable } from '../controller/controller.ts';

/** Items of the request that the answer repeats, each with the error: paths of array fields, request and response. */
interface Mirror {
  /** Field of the request and of the response that hold the items; `a.b` is the items `b` of all items `a`. */
  readonly items: readonly [request: string, response: string];
  /** Fields copied from an item, by their names there; '' is an item that is no struct. */
  readonly copied: readonly (readonly [request: string, response: string])[];
  /** Versions that have the items in the response. Default: all. */
  readonly versions?: string;
  readonly inner?: Mirror;
}

const topicPartitions = (
  topics: Mirror['items'],
  names: Mirror['copied'],
  partitions: Mirror['items'],
  index: Mirror['copied'],
): Mirror => ({ items: topics, copied: names, inner: { items: partitions, copied: index } });

const mirrors: Partial<Record<ApiName, Mirror | readonly Mirror[]>> = {
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
  DescribeProducers: topicPartitions(
    ['topics', 'topics'],
    [['name', 'name']],
    ['partitionIndexes', 'partitions'],
    [['', 'partitionIndex']],
  ),
  DescribeTopicPartitions: { items: ['topics', 'topics'], copied: [['name', 'name']] },
  OffsetFetch: [
    {
      ...topicPartitions(
        ['topics', 'topics'],
        [['name', 'name']],
        ['partitionIndexes', 'partitions'],
        [['', 'partitionIndex']],
      ),
      versions: '1-7',
    },
    { items: ['groups', 'groups'], copied: [['groupId', 'groupId']], versions: '8+' },
  ],
  DeleteTopics: [
    { items: ['topicNames', 'responses'], copied: [['', 'name']], versions: '1-5' },
    {
      items: ['topics', 'responses'],
      copied: [
        ['name', 'name'],
        ['topicId', 'topicId'],
      ],
      versions: '6+',
    },
  ],
  ElectLeaders: {
    ...topicPartitions(
      ['topicPartitions', 'replicaElectionResults'],
      [['topic', 'topic']],
      ['partitions', 'partitionResult'],
      [['', 'partitionId']],
    ),
    versions: '0',
  },
  FindCoordinator: { items: ['coordinatorKeys', 'coordinators'], copied: [['', 'key']], versions: '4+' },
  DescribeGroups: { items: ['groups', 'groups'], copied: [['', 'groupId']] },
  DeleteGroups: { items: ['groupsNames', 'results'], copied: [['', 'groupId']] },
  Metadata: { items: ['topics', 'topics'], copied: [['name', 'name']] },
  CreateTopics: { items: ['topics', 'topics'], copied: [['name', 'name']] },
  CreatePartitions: { items: ['topics', 'results'], copied: [['name', 'name']] },
  AlterReplicaLogDirs: topicPartitions(
    ['dirs.topics', 'results'],
    [['name', 'topicName']],
    ['partitions', 'partitions'],
    [['', 'partitionIndex']],
  ),
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
  CreateAcls: { items: ['creations', 'results'], copied: [] },
  DeleteAcls: { items: ['filters', 'filterResults'], copied: [] },
  AlterClientQuotas: { items: ['entries', 'entries'], copied: [['entity', 'entity']] },
  AlterUserScramCredentials: [
    { items: ['deletions', 'results'], copied: [['name', 'user']] },
    { items: ['upsertions', 'results'], copied: [['name', 'user']] },
  ],
  IncrementalAlterConfigs: {
    items: ['resources', 'responses'],
    copied: [
      ['resourceType', 'resourceType'],
      ['resourceName', 'resourceName'],
    ],
  },
};

/** A whole request refused because of who asks: not a failure, and answered with the error's own words. */
export class Unauthorized extends Error {
  readonly error: WireError;
  constructor(error: WireError) {
    super(WIRE_ERRORS[error].message);
    this.name = 'Unauthorized';
    this.error = error;
  }
}

/** What is said in every place of an answer. */
interface Told {
  readonly code: number;
  readonly message: string | undefined;
}

/** A response that carries the error, or undefined when this version of the API has no place for one. */
export function failureAnswer(api: ApiName, version: number, request: unknown, error: unknown): object | undefined {
  const told: Told = {
    code: errorCode(wireErrorOf(error)),
    message: error instanceof Unauthorized ? error.message : undefined,
  };
  const { fields } = APIS[api].response as { readonly fields: Fields };
  const answer = blank(fields, version);
  const hasPlace = tell(answer, fields, version, told);
  const mirrored = [mirrors[api] ?? []].flat().filter((one) => includes(parseVersions(one.versions ?? '0+'), version));
  for (const mirror of mirrored) fill(answer, fields, mirror, request, version, told);
  return hasPlace || mirrored.length > 0 ? answer : undefined;
}

/** A response in which nothing is. */
export function emptyAnswer(api: ApiName, version: number): object {
  return blank((APIS[api].response as { readonly fields: Fields }).fields, version);
}

/** What a thrown error is on the wire. */
function wireErrorOf(error: unknown): WireError {
  if (error instanceof ControllerUnavailable || error instanceof Unauthorized) return error.error;
  return error instanceof BrokerDiskError ? 'KAFKA_STORAGE_ERROR' : 'UNKNOWN_SERVER_ERROR';
}

function fill(
  answer: Record<string, unknown>,
  fields: Fields,
  mirror: Mirror,
  request: unknown,
  version: number,
  told: Told,
): void {
  const [from, to] = mirror.items;
  const items = itemsOf(request, from.split('.'));
  const itemFields = fields[to]?.element?.fields;
  if (!items || !itemFields) return;
  const repeated = items.map((item: unknown) => {
    const mirrored = blank(itemFields, version);
    for (const [source, target] of mirror.copied) {
      mirrored[target] = source === '' ? item : (item as Record<string, unknown>)[source];
    }
    tell(mirrored, itemFields, version, told);
    if (mirror.inner) fill(mirrored, itemFields, mirror.inner, item, version, told);
    return mirrored;
  });
  // Two lists of a request may be answered in one (SCRAM: deletions and upsertions).
  answer[to] = [...((answer[to] as unknown[] | undefined) ?? []), ...repeated];
}

function itemsOf(request: unknown, [name = '', ...inner]: readonly string[]): unknown[] | undefined {
  const items = (request as Record<string, unknown> | undefined)?.[name];
  if (!Array.isArray(items)) return undefined;
  return inner.length === 0 ? items : items.flatMap((item: unknown) => itemsOf(item, inner) ?? []);
}

/** Sets the error code, and its words, where this version has them. */
function tell(answer: Record<string, unknown>, fields: Fields, version: number, { code, message }: Told): boolean {
  const field = fields.errorCode;
  if (!field || !isIn(field, version)) return false;
  answer.errorCode = code;
  if (message !== undefined && fields.errorMessage && isIn(fields.errorMessage, version)) answer.errorMessage = message;
  return true;
}

function isIn(field: Field, version: number): boolean {
  return field.versions === undefined || includes(parseVersions(field.versions), version);
}

/** Every field of the version at its default. */
function blank(fields: Fields, version: number): Record<string, unknown> {
  const present = Object.entries(fields).filter(([, field]) => isIn(field, version));
  return Object.fromEntries(present.map(([name, field]) => [name, blankField(field, version)]));
}

function blankField(field: Field, version: number): unknown {
  if (field.default !== undefined) return field.default;
  switch (field.kind) {
    case 'array':
      return [];
    case 'struct':
      return field.nullable ? null : blank(field.fields ?? {}, version);
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
