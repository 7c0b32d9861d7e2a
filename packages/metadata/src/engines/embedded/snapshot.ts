// A picture of the cluster as records, cut into slices so that neither writing nor checking a large one holds up the
// event loop. The last unit of a snapshot file says how many records there were: a shorter file is not a snapshot.
import { ClusterImage } from '../../image.ts';
import { isMetadataRecord, type MetadataRecord } from '../../records.ts';
import { chainStart, encodeUnit, readUnit } from './write-unit.ts';

/** Partitions in one record, and records in one slice. */
const PARTITIONS_PER_RECORD = 500;
const RECORDS_PER_SLICE = 200;

interface Footer {
  readonly offset: number;
  readonly epoch: number;
  readonly records: number;
}

/** The records that make `image` out of nothing, with the parts of a decision that is not whole yet. */
export function* snapshotRecords(image: ClusterImage): IterableIterator<MetadataRecord> {
  yield* imageRecords(image);
  if (!image.openTransaction) return;
  const { part, of, records } = image.openTransaction;
  yield { kind: 'transactionPart', part, of };
  yield* records;
}

/** The records that make what `image` shows out of nothing. */
export function* imageRecords(image: ClusterImage): IterableIterator<MetadataRecord> {
  if (image.clusterId !== undefined) yield { kind: 'clusterFormed', clusterId: image.clusterId };
  if (image.controllerId >= 0) yield { kind: 'controllerElected', brokerId: image.controllerId, epoch: image.epoch };
  for (const [name, level] of image.features()) yield { kind: 'featureSet', name, level };
  for (const broker of image.brokers()) {
    const { brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch } = broker;
    yield {
      ...{ kind: 'brokerRegistered', brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch },
      ...(broker.cordoned && { cordoned: true }),
    };
    if (broker.shuttingDown) yield { kind: 'brokerShuttingDown', brokerId, brokerEpoch };
    if (broker.fenced) yield { kind: 'brokerFenced', brokerId, brokerEpoch };
  }
  for (const { name, topicId, partitions } of image.topics()) {
    yield { kind: 'topicCreated', name, topicId };
    for (let first = 0; first < partitions.length; first += PARTITIONS_PER_RECORD) {
      yield { kind: 'partitionsSet', topicId, partitions: partitions.slice(first, first + PARTITIONS_PER_RECORD) };
    }
  }
  for (const [resourceType, resourceName, values] of image.allConfigs()) {
    for (const [name, value] of values) yield { kind: 'configSet', resourceType, resourceName, name, value };
  }
  for (const acl of image.acls()) yield { kind: 'aclSet', acl };
  for (const { entity, limits } of image.allClientQuotas()) {
    for (const [key, value] of limits) yield { kind: 'clientQuotaSet', entity, key, value };
  }
  for (const credential of image.scramCredentials()) yield { kind: 'scramCredentialSet', credential };
  if (image.nextProducerId > 0) {
    yield { kind: 'producerIdsTaken', brokerId: image.controllerId, nextProducerId: image.nextProducerId };
  }
}

/** The bytes of the snapshot file called `fileName`, slice by slice. */
export function* encodeSnapshot(image: ClusterImage, fileName: string): IterableIterator<Buffer> {
  let chain = chainStart(fileName);
  let slice: MetadataRecord[] = [];
  let count = 0;
  for (const record of snapshotRecords(image)) {
    slice.push(record);
    count++;
    if (slice.length < RECORDS_PER_SLICE) continue;
    const unit = encodeUnit(slice, chain);
    chain = unit.chain;
    yield unit.bytes;
    slice = [];
  }
  const last = encodeUnit(slice, chain);
  yield last.bytes;
  const footer: Footer = { offset: image.offset, epoch: image.epoch, records: count };
  yield encodeUnit(footer, last.chain).bytes;
}

/** The picture in a snapshot file, or what is wrong with the file. */
export function decodeSnapshot(file: Buffer, fileName: string): ClusterImage | { readonly damage: string } {
  const records: MetadataRecord[] = [];
  let chain = chainStart(fileName);
  for (let position = 0; ; ) {
    const unit = readUnit(file, position, chain);
    if (unit.kind !== 'unit') return { damage: unit.kind === 'damaged' ? unit.detail : 'it ends too early' };
    position = unit.end;
    chain = unit.chain;
    if (Array.isArray(unit.value)) {
      for (const record of unit.value) {
        if (!isMetadataRecord(record))
          return { damage: `it holds a record this version does not know: ${JSON.stringify(record)}` };
        records.push(record);
      }
      continue;
    }
    const footer = unit.value as Footer;
    if (footer.records !== records.length || position !== file.length)
      return { damage: 'its end does not match its content' };
    return ClusterImage.fromSnapshot(records, footer.offset, footer.epoch);
  }
}
