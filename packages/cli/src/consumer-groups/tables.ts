// The tables of kafka-consumer-groups as pure functions: rows in, text out. Columns are left-aligned, at least as wide as
// Kafka makes them, so that what reads Kafka's tables reads these.
import { padRow } from '../text/java-text.ts';

/** Stands where there is no value. */
export const MISSING = '-';

export interface OffsetRow {
  readonly group: string;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly currentOffset: number | undefined;
  readonly logEndOffset: number | undefined;
  readonly consumerId: string | undefined;
  readonly host: string | undefined;
  readonly clientId: string | undefined;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface MemberRow {
  readonly group: string;
  readonly consumerId: string;
  readonly groupInstanceId: string | undefined;
  readonly host: string;
  readonly clientId: string;
  readonly assignment: readonly TopicPartition[];
  readonly targetAssignment: readonly TopicPartition[];
  readonly currentEpoch: number | undefined;
  readonly targetEpoch: number | undefined;
  /** KIP-848 groups under migration: has this member moved to the new protocol? */
  readonly upgraded: boolean | undefined;
}

export interface StateRow {
  readonly group: string;
  readonly coordinator: { readonly id: number; readonly host: string; readonly port: number };
  readonly assignor: string;
  readonly state: string;
  readonly groupEpoch: number | undefined;
  readonly targetAssignmentEpoch: number | undefined;
  readonly members: number;
}

const shown = (value: string | number | undefined): string => (value === undefined ? MISSING : String(value));
const widest = (least: number, texts: readonly string[]): number =>
  texts.reduce((width, text) => Math.max(width, text.length), least);

/** --describe --offsets of one group: an empty line, the header, a line for each partition. */
export function offsetsTable(rows: readonly OffsetRow[], verbose: boolean): string {
  const cells = rows.map((row) => [
    row.group,
    shown(row.topic),
    shown(row.partition),
    ...(verbose ? [shown(row.leaderEpoch)] : []),
    shown(row.currentOffset),
    shown(row.logEndOffset),
    shown(lag(row)),
    shown(row.consumerId),
    shown(row.host),
    shown(row.clientId),
  ]);
  const header = [
    'GROUP',
    'TOPIC',
    'PARTITION',
    ...(verbose ? ['LEADER-EPOCH'] : []),
    'CURRENT-OFFSET',
    'LOG-END-OFFSET',
    'LAG',
    'CONSUMER-ID',
    'HOST',
    'CLIENT-ID',
  ];
  const column = (fromEnd: number) => cells.map((row) => row.at(-fromEnd)!);
  const widths = [
    widest(
      15,
      rows.map((row) => row.group),
    ),
    widest(
      15,
      rows.map((row) => shown(row.topic)),
    ),
    10,
    ...(verbose ? [15] : []),
    15,
    15,
    15,
    widest(15, column(3)),
    widest(15, column(2)),
    0,
  ];
  return `${[header, ...cells].map((row) => `\n${padRow(row, widths)}`).join('')}\n`;
}

function lag({ currentOffset, logEndOffset }: OffsetRow): number | undefined {
  return currentOffset === undefined || currentOffset === -1 || logEndOffset === undefined
    ? undefined
    : logEndOffset - currentOffset;
}

/** --describe --members of one group. The GROUP-INSTANCE-ID column is there when some member has one. */
export function membersTable(rows: readonly MemberRow[], verbose: boolean): string {
  const withInstance = rows.some((row) => row.groupInstanceId !== undefined);
  const migrating = rows.some((row) => row.upgraded === true) && rows.some((row) => row.upgraded === false);
  const header = [
    'GROUP',
    'CONSUMER-ID',
    ...(withInstance ? ['GROUP-INSTANCE-ID'] : []),
    'HOST',
    'CLIENT-ID',
    '#PARTITIONS',
  ];
  const widths = [
    widest(
      15,
      rows.map((row) => row.group),
    ),
    widest(
      15,
      rows.map((row) => row.consumerId),
    ),
    ...(withInstance
      ? [
          widest(
            17,
            rows.map((row) => row.groupInstanceId ?? ''),
          ),
        ]
      : []),
    widest(
      15,
      rows.map((row) => row.host),
    ),
    widest(
      15,
      rows.map((row) => row.clientId),
    ),
    15,
  ];
  if (verbose) {
    header.push('CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT');
    widths.push(
      15,
      widest(
        20,
        rows.map((row) => assignmentText(row.assignment)),
      ),
      15,
      widest(
        20,
        rows.map((row) => assignmentText(row.targetAssignment)),
      ),
    );
    if (migrating) {
      header.push('UPGRADED');
      widths.push(0);
    }
  }
  const cells = rows.map((row) => [
    row.group,
    row.consumerId,
    ...(withInstance ? [row.groupInstanceId ?? ''] : []),
    row.host,
    row.clientId,
    String(row.assignment.length),
    ...(verbose
      ? [
          shown(row.currentEpoch),
          assignmentText(row.assignment),
          shown(row.targetEpoch),
          assignmentText(row.targetAssignment),
          ...(migrating ? [row.upgraded === undefined ? MISSING : String(row.upgraded)] : []),
        ]
      : []),
  ]);
  // Without --verbose Kafka ends each line with the blank that would lead to the next column.
  const end = verbose ? '' : ' ';
  return `\n${[header, ...cells].map((row) => `${padRow(row, widths)}${end}\n`).join('')}`;
}

/** `topic:0,1;other:0`, topics and partitions in order; `-` when empty. */
export function assignmentText(assignment: readonly TopicPartition[]): string {
  if (assignment.length === 0) return MISSING;
  const byTopic = Map.groupBy(assignment, ({ topic }) => topic);
  return [...byTopic]
    .map(
      ([topic, list]) =>
        `${topic}:${list
          .map(({ partition }) => partition)
          .sort((a, b) => a - b)
          .join(',')}`,
    )
    .sort()
    .join(';');
}

/** --describe --state of one group. */
export function stateTable(row: StateRow, verbose: boolean): string {
  const coordinator = `${row.coordinator.host}:${row.coordinator.port}  (${row.coordinator.id})`;
  const assignor = row.assignor === '' ? MISSING : row.assignor;
  const first = [Math.max(15, row.group.length), Math.max(25, coordinator.length), 20, 20];
  const [header, cells, widths] = verbose
    ? [
        [
          'GROUP',
          'COORDINATOR (ID)',
          'ASSIGNMENT-STRATEGY',
          'STATE',
          'GROUP-EPOCH',
          'TARGET-ASSIGNMENT-EPOCH',
          '#MEMBERS',
        ],
        [
          row.group,
          coordinator,
          assignor,
          row.state,
          shown(row.groupEpoch),
          shown(row.targetAssignmentEpoch),
          String(row.members),
        ],
        [...first, 15, 25, 0],
      ]
    : [
        ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS'],
        [row.group, coordinator, assignor, row.state, String(row.members)],
        [...first, 0],
      ];
  return `\n${padRow(header, widths)}\n${padRow(cells, widths)}\n`;
}

export interface GroupListing {
  readonly groupId: string;
  readonly type: string | undefined;
  readonly state: string | undefined;
}

/** --list with --state or --type. */
export function listingTable(groups: readonly GroupListing[], withType: boolean, withState: boolean): string {
  const widths = [
    widest(
      15,
      groups.map((group) => group.groupId),
    ) + 10,
    20,
    20,
  ];
  const cells = groups.map((group) => [
    group.groupId,
    ...(withType ? [group.type ?? 'Unknown'] : []),
    ...(withState ? [group.state ?? 'Unknown'] : []),
  ]);
  const header = ['GROUP', ...(withType ? ['TYPE'] : []), ...(withState ? ['STATE'] : [])];
  return [header, ...cells].map((row) => `${padRow(row, widths)}\n`).join('');
}

export interface NewOffset extends TopicPartition {
  readonly offset: number;
}

/** --reset-offsets: what the offsets are or would be, group by group. */
export function newOffsetsTable(groups: ReadonlyMap<string, readonly NewOffset[]>): string {
  if (groups.size === 0) return '\n';
  const widths = [
    widest(15, [...groups.keys()]),
    widest(
      15,
      [...groups.values()].flat().map(({ topic }) => topic),
    ),
    10,
    0,
  ];
  let text = `\n${padRow(['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'], widths)}`;
  for (const [group, offsets] of groups) {
    for (const { topic, partition, offset } of offsets) {
      text += `\n${padRow([group, topic, String(partition), String(offset)], widths)}`;
    }
  }
  return `${text}\n`;
}

export interface DeletionRow {
  readonly topic: string;
  /** Undefined for a topic whose partitions could not be found. */
  readonly partition: number | undefined;
  readonly error: string | undefined;
}

/** --delete-offsets: one line for each partition, sorted by topic and partition as text. */
export function deletionsTable(rows: readonly DeletionRow[]): string {
  const widths = [
    widest(
      15,
      rows.map(({ topic }) => topic),
    ),
    10,
    15,
  ];
  const key = ({ topic, partition }: DeletionRow) => `${topic}${partition ?? -1}`;
  const lines = [...rows]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map(({ topic, partition, error }) => [
      topic,
      shown(partition),
      error === undefined ? 'Successful' : `Error: ${error}`,
    ]);
  return `${[['TOPIC', 'PARTITION', 'STATUS'], ...lines].map((row) => `\n${padRow(row, widths)}`).join('')}\n`;
}
