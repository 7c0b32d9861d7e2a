// Random histories of a cluster that a controller could have decided: what the property tests of the image and of the
// engine feed on.
import fc from 'fast-check';
import { ClusterImage } from '../src/image.ts';
import { CALM_PARTITION, type MetadataRecord, type PartitionState } from '../src/records.ts';

type Draw = (max: number) => number;

/** One random decision that is valid on top of `image`. */
function decide(image: ClusterImage, draw: Draw, serial: number): MetadataRecord[] {
  const topics = [...image.topics()];
  const topic = topics[draw(Math.max(1, topics.length))];
  switch (draw(12)) {
    case 0:
    case 1: {
      const topicId = `id-${serial}`;
      const partitions = Array.from({ length: 1 + draw(4) }, (_, partition) => fresh(partition));
      return [
        { kind: 'topicCreated', name: `topic.${serial}`, topicId },
        {
          kind: 'configSet',
          resourceType: 'topic',
          resourceName: `topic.${serial}`,
          name: 'retention.ms',
          value: String(draw(9)),
        },
        { kind: 'partitionsSet', topicId, partitions },
      ];
    }
    case 2:
      return topic ? [{ kind: 'topicDeleted', topicId: topic.topicId }] : [];
    case 3: {
      if (!topic) return [];
      const partitions = topic.partitions.map(
        (one): PartitionState => ({
          ...one,
          leader: draw(3) - 1,
          elr: draw(2) === 0 ? [2] : [],
          leaderRecoveryState: draw(2) === 0 ? 'recovering' : 'recovered',
          leaderEpoch: one.leaderEpoch + 1,
          partitionEpoch: one.partitionEpoch + 1,
        }),
      );
      return [{ kind: 'partitionsSet', topicId: topic.topicId, partitions: [...partitions, fresh(partitions.length)] }];
    }
    case 4:
      return [
        {
          kind: 'configSet',
          resourceType: draw(2) === 0 ? 'broker' : 'topic',
          resourceName: draw(2) === 0 ? '' : `r${draw(3)}`,
          name: `n${draw(3)}`,
          value: draw(3) === 0 ? null : `v${serial}`,
        },
      ];
    case 5:
      return [{ kind: 'producerIdsTaken', brokerId: draw(3), nextProducerId: image.nextProducerId + 1000 }];
    case 6:
      return [{ kind: 'featureSet', name: `f${draw(3)}`, level: draw(3) }];
    case 8: {
      const id = `acl${draw(4)}`;
      if (draw(3) === 0) return [{ kind: 'aclRemoved', id }];
      const acl = { id, resourceType: 2, resourceName: `t${draw(9)}`, patternType: 3 + draw(2), principal: 'User:a' };
      return [{ kind: 'aclSet', acl: { ...acl, host: '*', operation: draw(9), permissionType: 2 + draw(2) } }];
    }
    case 9: {
      const entity = [{ type: 'user', name: draw(3) === 0 ? null : `u${draw(2)}` }];
      const value = draw(3) === 0 ? null : serial;
      return [{ kind: 'clientQuotaSet', entity, key: `k${draw(2)}`, value }];
    }
    case 10: {
      const [user, mechanism] = [`u${draw(3)}`, 1 + draw(2)];
      if (draw(3) === 0) return [{ kind: 'scramCredentialRemoved', user, mechanism }];
      const keys = { salt: 'c2FsdA==', storedKey: `s${serial}`, serverKey: 'a2V5' };
      return [{ kind: 'scramCredentialSet', credential: { user, mechanism, iterations: 4096 + draw(9), ...keys } }];
    }
    case 7: {
      const endpoints = [{ listener: 'PLAINTEXT', host: 'h', port: draw(9), protocol: 'PLAINTEXT' }];
      return [
        {
          kind: 'brokerRegistered',
          brokerId: draw(3),
          brokerEpoch: serial,
          incarnationId: `i${serial}`,
          endpoints,
          rack: null,
          previousBrokerEpoch: draw(3) - 1,
        },
      ];
    }
    default: {
      const broker = image.brokers()[draw(3)];
      if (!broker) return [];
      const { brokerId } = broker;
      const brokerEpoch = broker.brokerEpoch - draw(2);
      const kinds: MetadataRecord[] = [
        { kind: 'brokerFenced', brokerId, brokerEpoch },
        { kind: 'brokerShuttingDown', brokerId, brokerEpoch },
        { kind: 'brokerUnregistered', brokerId },
        { kind: 'brokerCordoned', brokerId, brokerEpoch, cordoned: draw(2) === 1 },
      ];
      return [kinds[draw(4)]!];
    }
  }
}

function fresh(partition: number): PartitionState {
  return { partition, replicas: [1, 2], isr: [1], leader: 1, leaderEpoch: 0, partitionEpoch: 0, ...CALM_PARTITION };
}

/** Batches without offsets: the records that were decided together. */
export const histories = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 60 }).map((seeds) => {
  let image = ClusterImage.empty;
  return seeds.map((seed, serial) => {
    let state = seed;
    const draw: Draw = (max) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % max;
    };
    const records = decide(image, draw, serial);
    image = image.apply({ offset: image.offset + 1, epoch: 1, records });
    return records;
  });
});

/** Everything in a picture, in a form that `toEqual` can compare. */
export function contentOf(image: ClusterImage) {
  return {
    offset: image.offset,
    epoch: image.epoch,
    clusterId: image.clusterId,
    controllerId: image.controllerId,
    topics: [...image.topics()],
    byId: [...image.topics()].map((topic) => image.topicById(topic.topicId)?.name),
    partitionCount: image.partitionCount,
    configs: [...image.allConfigs()].map(([type, name, values]) => [type, name, [...values].sort()]),
    brokers: image.brokers(),
    features: [...image.features()].sort(),
    acls: [...image.acls()].sort((a, b) => a.id.localeCompare(b.id)),
    quotas: [...image.allClientQuotas()]
      .map(({ entity, limits }) => JSON.stringify([entity, [...limits].sort()]))
      .sort(),
    scram: [...image.scramCredentials()].map((one) => JSON.stringify(one)).sort(),
    nextProducerId: image.nextProducerId,
  };
}
