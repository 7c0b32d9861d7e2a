import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf, histories } from '../test/record-arbitrary.ts';
import { imageRecords, snapshotRecords } from './engines/embedded/snapshot.ts';
import { ClusterImage } from './image.ts';
import { CALM_PARTITION, type MetadataRecord, type PartitionState } from './records.ts';

function after(...batches: MetadataRecord[][]): ClusterImage {
  return batches.reduce(
    (image, records) => image.apply({ offset: image.offset + 1, epoch: 1, records }),
    ClusterImage.empty,
  );
}

const partition = (number: number, leaderEpoch = 0): PartitionState => ({
  partition: number,
  replicas: [1],
  isr: [1],
  leader: 1,
  leaderEpoch,
  partitionEpoch: leaderEpoch,
  ...CALM_PARTITION,
});

describe('properties', () => {
  test('replay gives an equal picture, a snapshot too, and readers keep theirs', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const pictures: [ClusterImage, ReturnType<typeof contentOf>][] = [];
        let image = ClusterImage.empty;
        for (const records of history) {
          image = image.apply({ offset: image.offset + 1, epoch: 1, records });
          pictures.push([image, contentOf(image)]);
        }
        for (const [picture, content] of pictures) expect(contentOf(picture)).toEqual(content);
        expect(contentOf(after(...history))).toEqual(contentOf(image));
        const copied = ClusterImage.fromSnapshot([...imageRecords(image)], image.offset, image.epoch);
        expect(contentOf(copied)).toEqual(contentOf(image));
        const counted = [...image.topics()].reduce((sum, topic) => sum + topic.partitions.length, 0);
        expect(image.partitionCount).toBe(counted);
      }),
      { numRuns: 300 },
    );
  });

  test('decisions in parts: nothing shows before the last, all of it then, and nothing ever of one that was broken off', () => {
    // Of each decision: into how many parts it is cut, and how many of them are there before it is begun anew.
    const cuts = fc.array(fc.record({ parts: fc.integer({ min: 1, max: 4 }), broken: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(histories, cuts, fc.boolean(), (history, cutting, viaSnapshots) => {
        let whole = ClusterImage.empty;
        let image = ClusterImage.empty;
        const told: MetadataRecord[] = [];
        const add = (records: readonly MetadataRecord[]) => {
          const batch = { offset: image.offset + 1, epoch: 1, records };
          told.push(...image.inEffect(batch).records);
          image = image.apply(batch);
          // A broker that starts now, or fell behind, goes on from a snapshot.
          if (viaSnapshots) image = ClusterImage.fromSnapshot([...snapshotRecords(image)], image.offset, image.epoch);
        };
        history.forEach((records, index) => {
          const { parts: count, broken } = cutting[index % cutting.length]!;
          const parts = inParts(records, count);
          for (const part of parts.slice(0, Math.min(broken, parts.length - 1))) add(part);
          for (const part of parts) {
            expect(sight(image)).toEqual(sight(whole));
            add(part);
          }
          whole = whole.apply({ offset: whole.offset + 1, epoch: 1, records });
          expect(sight(image)).toEqual(sight(whole));
          expect(image.openTransaction).toBeUndefined();
        });
        expect(told).toEqual(history.flat());
      }),
      { numRuns: 100 },
    );
  });
});

/** What a picture shows, wherever in the log it stands. */
function sight(image: ClusterImage): unknown {
  return { ...contentOf(image), offset: 0, epoch: 0 };
}

function inParts(records: readonly MetadataRecord[], count: number): MetadataRecord[][] {
  if (count === 1) return [[...records]];
  const size = Math.ceil(records.length / count);
  return Array.from({ length: count }, (_, i) => [
    { kind: 'transactionPart', part: i + 1, of: count },
    ...records.slice(i * size, (i + 1) * size),
  ]);
}

test('a part that is not the next of its decision is a defect, as is one inside a batch', () => {
  const part = (number: number, of: number): MetadataRecord => ({ kind: 'transactionPart', part: number, of });
  const formed: MetadataRecord = { kind: 'clusterFormed', clusterId: 'c' };
  expect(() => after([part(2, 2)])).toThrow(/part 2 of 2/);
  expect(() => after([part(1, 3)], [part(3, 3)])).toThrow(/part 3 of 3/);
  expect(() => after([part(1, 3)], [part(2, 2)])).toThrow(/part 2 of 2/);
  expect(() => after([part(1, 3)], [formed], [part(2, 3)])).toThrow(/part 2 of 3/);
  expect(() => after([formed, part(1, 2)])).toThrow(/a batch of its own/);
});

describe('records', () => {
  const topic: MetadataRecord[] = [
    { kind: 'topicCreated', name: 'a', topicId: 'A' },
    { kind: 'partitionsSet', topicId: 'A', partitions: [partition(0), partition(1)] },
    { kind: 'configSet', resourceType: 'topic', resourceName: 'a', name: 'retention.ms', value: '1' },
  ];

  test('a topic with partitions and settings, found by name and id', () => {
    const image = after(topic);
    expect(image.topic('a')?.topicId).toBe('A');
    expect(image.topicById('A')?.name).toBe('a');
    expect(image.partition('a', 1)).toEqual(partition(1));
    expect(image.partition('a', 2)).toBeUndefined();
    expect(image.configs('topic', 'a')).toEqual(new Map([['retention.ms', '1']]));
    expect([...image.configuredResources('topic')]).toEqual(['a']);
    expect(image.partitionCount).toBe(2);
  });

  test('deletion takes partitions and settings along; the name may come back under another id', () => {
    const image = after(
      topic,
      [{ kind: 'topicDeleted', topicId: 'A' }],
      [{ kind: 'topicCreated', name: 'a', topicId: 'B' }],
    );
    expect(image.topicById('A')).toBeUndefined();
    expect(image.topic('a')).toEqual({ name: 'a', topicId: 'B', partitions: [] });
    expect(image.configs('topic', 'a').size).toBe(0);
    expect(image.partitionCount).toBe(0);
  });

  test('an unchanged topic is the same object in the next picture', () => {
    const before = after(topic);
    const next = before.apply({ offset: 1, epoch: 1, records: [{ kind: 'topicCreated', name: 'b', topicId: 'B' }] });
    expect(next.topic('a')).toBe(before.topic('a'));
    expect(next.configs('topic', 'a')).toBe(before.configs('topic', 'a'));
  });

  test('fencing an older start of a broker changes nothing', () => {
    const registered = (brokerEpoch: number): MetadataRecord => ({
      kind: 'brokerRegistered',
      brokerId: 1,
      brokerEpoch,
      incarnationId: `i${brokerEpoch}`,
      endpoints: [],
      rack: 'r',
    });
    const image = after([registered(3)], [registered(5)], [{ kind: 'brokerFenced', brokerId: 1, brokerEpoch: 3 }]);
    expect(image.broker(1)?.fenced).toBe(false);
    expect(image.liveBrokers()).toHaveLength(1);
    const fenced = after([registered(5)], [{ kind: 'brokerFenced', brokerId: 1, brokerEpoch: 5 }]);
    expect(fenced.liveBrokers()).toEqual([]);
    expect(fenced.brokers()).toHaveLength(1);
  });

  test.each<[string, MetadataRecord[][]]>([
    [
      'a leader epoch that goes back',
      [
        [...topic],
        [{ kind: 'partitionsSet', topicId: 'A', partitions: [partition(0, 3)] }],
        [{ kind: 'partitionsSet', topicId: 'A', partitions: [partition(0, 2)] }],
      ],
    ],
    ['a gap in the partitions', [[...topic], [{ kind: 'partitionsSet', topicId: 'A', partitions: [partition(3)] }]]],
    ['partitions of no topic', [[{ kind: 'partitionsSet', topicId: 'X', partitions: [] }]]],
    ['deletion of no topic', [[{ kind: 'topicDeleted', topicId: 'X' }]]],
    [
      'producer ids twice',
      [
        [{ kind: 'producerIdsTaken', brokerId: 1, nextProducerId: 1000 }],
        [{ kind: 'producerIdsTaken', brokerId: 1, nextProducerId: 999 }],
      ],
    ],
  ])('%s is a defect', (_, batches) => {
    expect(() => after(...batches)).toThrow('Assertion failed');
  });

  test('batches follow one another', () => {
    expect(() => ClusterImage.empty.apply({ offset: 1, epoch: 1, records: [] })).toThrow('Assertion failed');
    expect(() => after([]).apply({ offset: 1, epoch: 0, records: [] })).toThrow('Assertion failed');
  });
});

describe('security and quotas', () => {
  test('rules, limits and credentials are there until they are removed', () => {
    const acl = {
      ...{ id: 'a', resourceType: 2, resourceName: 't', patternType: 3, principal: 'User:x', host: '*' },
      ...{ operation: 3, permissionType: 3 },
    };
    const entity = [
      { type: 'client-id', name: null },
      { type: 'user', name: 'x' },
    ];
    const keys = { salt: 'cw==', storedKey: 'cw==', serverKey: 'cw==' };
    const credential = { user: 'x', mechanism: 2, iterations: 4096, ...keys };
    const there = after([
      { kind: 'aclSet', acl },
      { kind: 'clientQuotaSet', entity, key: 'producer_byte_rate', value: 1024.5 },
      { kind: 'scramCredentialSet', credential },
    ]);
    expect([...there.acls()]).toEqual([acl]);
    expect(there.clientQuotas(entity)).toEqual(new Map([['producer_byte_rate', 1024.5]]));
    expect(there.clientQuotas([{ type: 'user', name: 'x' }]).size).toBe(0);
    expect(there.scramCredential('x', 2)).toEqual(credential);
    expect(there.scramCredential('x', 1)).toBeUndefined();
    const gone = there.apply({
      ...{ offset: there.offset + 1, epoch: 1 },
      records: [
        { kind: 'aclRemoved', id: 'a' },
        { kind: 'clientQuotaSet', entity, key: 'producer_byte_rate', value: null },
        { kind: 'scramCredentialRemoved', user: 'x', mechanism: 2 },
      ],
    });
    expect([...gone.acls(), ...gone.allClientQuotas(), ...gone.scramCredentials()]).toEqual([]);
  });
});
