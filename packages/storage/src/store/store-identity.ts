// Whose the log directories are: `meta.properties` must agree over all of them, with the broker, and with the cluster.
import { type Disk, type randomUuid, replaceFile } from '@moldau/kernel';
import { formatMetaProperties, parseMetaProperties } from '../checkpoint/meta-properties.ts';
import { LOG_DIRECTORY_FILES } from '../file-names.ts';
import { LogStoreError } from './log-store-error.ts';

/** Checks what is there and writes what is missing. Answers the cluster id. */
export async function settleIdentity(
  disk: Disk,
  directories: readonly { readonly path: string }[],
  o: { readonly clusterId: string | undefined; readonly brokerId: number; drawUuid(): ReturnType<typeof randomUuid> },
): Promise<string> {
  let clusterId = o.clusterId;
  const unmarked: string[] = [];
  for (const { path } of directories) {
    const file = `${path}/${LOG_DIRECTORY_FILES.metaProperties}`;
    if (!disk.exists(file)) {
      unmarked.push(path);
      continue;
    }
    const found = parse(disk, file);
    if (found.clusterId !== undefined && clusterId !== undefined && found.clusterId !== clusterId) {
      throw new LogStoreError(
        'WRONG_CLUSTER',
        `${file} belongs to cluster ${found.clusterId}, this broker to ${clusterId}. Use another log directory, or the cluster it came from.`,
      );
    }
    if (found.nodeId !== undefined && found.nodeId !== o.brokerId) {
      throw new LogStoreError(
        'WRONG_BROKER',
        `${file} belongs to broker ${found.nodeId}, this one is ${o.brokerId}. Set node.id (broker.id) to ${found.nodeId}, or use another log directory.`,
      );
    }
    clusterId ??= found.clusterId;
  }
  const settled = clusterId ?? o.drawUuid();
  for (const path of unmarked) {
    const content = formatMetaProperties({ clusterId: settled, nodeId: o.brokerId, directoryId: o.drawUuid() });
    await replaceFile(disk, path, LOG_DIRECTORY_FILES.metaProperties, content);
  }
  return settled;
}

function parse(disk: Disk, file: string): ReturnType<typeof parseMetaProperties> {
  try {
    return parseMetaProperties(disk.readTextSync(file));
  } catch (error) {
    throw new LogStoreError(
      'MALFORMED',
      `${file} cannot be read: ${(error as Error).message}. Restore it, or remove it to have it made again.`,
    );
  }
}
