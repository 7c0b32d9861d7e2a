// `meta.properties`: which cluster and broker a log directory belongs to. Version 1 is what KRaft brokers write, version 0
// what brokers of the ZooKeeper era did; a directory keeps the version that it came with.

export interface MetaProperties {
  readonly version: 0 | 1;
  readonly clusterId: string | undefined;
  readonly nodeId: number | undefined;
  readonly directoryId: string | undefined;
}

/** Reads the Java properties format as far as this file uses it. Throws when it is malformed. */
export function parseMetaProperties(text: string): MetaProperties {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const parts = /^((?:\\.|[^=:\s\\])+)\s*[=:\s]\s*(.*)$/.exec(trimmed);
    if (!parts) throw new Error(`'${line}' is no key=value`);
    values.set(unescaped(parts[1]!), unescaped(parts[2]!));
  }
  const version = values.get('version');
  if (version !== '0' && version !== '1') throw new Error(`version '${version ?? 'missing'}', only 0 and 1 are known`);
  const node = values.get(version === '0' ? 'broker.id' : 'node.id');
  if (node !== undefined && !/^-?\d+$/.test(node)) throw new Error(`'${node}' is no broker id`);
  return {
    version: version === '0' ? 0 : 1,
    clusterId: values.get('cluster.id'),
    nodeId: node === undefined ? undefined : Number(node),
    directoryId: values.get('directory.id'),
  };
}

export function formatMetaProperties(properties: { clusterId: string; nodeId: number; directoryId: string }): Buffer {
  const { clusterId, nodeId, directoryId } = properties;
  return Buffer.from(`cluster.id=${clusterId}\ndirectory.id=${directoryId}\nnode.id=${nodeId}\nversion=1\n`);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
