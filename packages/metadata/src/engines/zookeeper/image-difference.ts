// What has to be recorded to get from one picture to another: for a follower that fell behind so far that the batches in
// between are gone and only a later picture is there. Pure.
// Always: applying the difference to `previous` gives what `next` says.
import { unreachable } from '@moldau/kernel';
import type { ClusterImage } from '../../image.ts';
import type { MetadataRecord } from '../../records.ts';
import { imageRecords } from '../embedded/snapshot.ts';

export function imageDifference(previous: ClusterImage, next: ClusterImage): MetadataRecord[] {
  const before = byThing(previous);
  const after = byThing(next);
  const removals: MetadataRecord[] = [];
  for (const [thing, records] of before) {
    if (after.has(thing)) continue;
    const [first] = records;
    removals.push(...removal(first!));
    // Its settings go with it: those of a new topic by that name are said again, even where they are the same.
    if (first!.kind === 'topicCreated') forgetSettings(before, first!.name);
  }
  const changes: MetadataRecord[] = [];
  for (const [thing, records] of after) {
    const old = before.get(thing);
    if (!old || JSON.stringify(old) !== JSON.stringify(records)) changes.push(...records);
  }
  return [...removals, ...changes];
}

function forgetSettings(things: Map<string, MetadataRecord[]>, topic: string): void {
  for (const [thing, [first]] of things) {
    if (first?.kind === 'configSet' && first.resourceType === 'topic' && first.resourceName === topic)
      things.delete(thing);
  }
}

/** The records that make a picture, by what they are about, in their order. */
function byThing(image: ClusterImage): Map<string, MetadataRecord[]> {
  const things = new Map<string, MetadataRecord[]>();
  for (const record of imageRecords(image)) {
    const thing = aboutWhat(record);
    const records = things.get(thing);
    if (records) records.push(record);
    else things.set(thing, [record]);
  }
  return things;
}

function aboutWhat(record: MetadataRecord): string {
  switch (record.kind) {
    case 'clusterFormed':
    case 'controllerElected':
    case 'producerIdsTaken':
      return record.kind;
    case 'brokerRegistered':
    case 'brokerFenced':
    case 'brokerShuttingDown':
    case 'brokerCordoned':
    case 'brokerUnregistered':
      return `broker ${record.brokerId}`;
    case 'topicCreated':
    case 'topicDeleted':
      return `topic ${record.topicId}`;
    case 'partitionsSet':
      return `partitions ${record.topicId} ${record.partitions[0]?.partition}`;
    case 'configSet':
      return `config ${record.resourceType} ${record.name} ${record.resourceName}`;
    case 'featureSet':
      return `feature ${record.name}`;
    case 'aclSet':
      return `acl ${record.acl.id}`;
    case 'aclRemoved':
      return `acl ${record.id}`;
    case 'clientQuotaSet':
      return `quota ${record.key} ${JSON.stringify(record.entity)}`;
    case 'scramCredentialSet':
      return `scram ${record.credential.mechanism} ${record.credential.user}`;
    case 'scramCredentialRemoved':
      return `scram ${record.mechanism} ${record.user}`;
    // Not of what a picture shows.
    case 'transactionPart':
      return record.kind;
    default:
      return unreachable(record);
  }
}

/** Undoes what `record`, the first about its thing, made. */
function removal(record: MetadataRecord): MetadataRecord[] {
  switch (record.kind) {
    case 'brokerRegistered':
      return [{ kind: 'brokerUnregistered', brokerId: record.brokerId }];
    case 'topicCreated':
      return [{ kind: 'topicDeleted', topicId: record.topicId }];
    case 'configSet':
      return [{ ...record, value: null }];
    case 'featureSet':
      return [{ ...record, level: 0 }];
    case 'aclSet':
      return [{ kind: 'aclRemoved', id: record.acl.id }];
    case 'clientQuotaSet':
      return [{ ...record, value: null }];
    case 'scramCredentialSet': {
      const { user, mechanism } = record.credential;
      return [{ kind: 'scramCredentialRemoved', user, mechanism }];
    }
    // Gone with their topic or broker, or never taken back.
    case 'partitionsSet':
    case 'brokerFenced':
    case 'brokerShuttingDown':
    case 'brokerCordoned':
    case 'brokerUnregistered':
    case 'topicDeleted':
    case 'clusterFormed':
    case 'controllerElected':
    case 'producerIdsTaken':
    case 'aclRemoved':
    case 'scramCredentialRemoved':
    case 'transactionPart':
      return [];
    default:
      return unreachable(record);
  }
}
