// The way to a group's coordinator: found when needed, forgotten when it moved or cannot be reached, spoken with on a lane of
// its own so that a heartbeat never waits behind a long fetch. Owns the coordinator's address.
import type { Cluster } from '../cluster/cluster.ts';
import { retrying } from '../cluster/retry.ts';
import type { BrokerConnection, RequestOf, ResponseOf } from '../connection/broker-connection.ts';
import { findCoordinator } from './find-coordinator.ts';

/** A dead cluster does not hold up a close for longer. */
const PARTING_MS = 3000;

export class CoordinatorLink {
  readonly groupId: string;
  readonly #cluster: Cluster;
  #coordinator: number | undefined;
  #finding: Promise<number> | undefined;

  constructor(cluster: Cluster, groupId: string) {
    this.#cluster = cluster;
    this.groupId = groupId;
  }

  /** Node id, while it is known. */
  get coordinator(): number | undefined {
    return this.#coordinator;
  }

  /** Why the coordinator cannot be spoken with, in words; undefined when it can. */
  get trouble(): string | undefined {
    const coordinator = this.#coordinator;
    if (coordinator === undefined) return 'the group’s coordinator has not been found';
    const unreachable = this.#cluster.trouble(coordinator, 'coordinator');
    return unreachable && `the coordinator, broker ${coordinator}, cannot be reached: ${unreachable}`;
  }

  /** It said so, or was not to be reached: looked for anew next time. */
  moved(): void {
    this.#coordinator = undefined;
  }

  /** A connection to the coordinator. */
  async connect(): Promise<BrokerConnection> {
    const coordinator = this.#coordinator ?? (await this.#find());
    try {
      return await this.#cluster.connection(coordinator, 'coordinator');
    } catch (error) {
      this.#coordinator = undefined;
      throw error;
    }
  }

  /** One request to the coordinator, found first if need be. A coordinator that is gone is forgotten. */
  async ask<N extends 'OffsetCommit' | 'OffsetFetch'>(
    api: N,
    body: (version: number) => RequestOf<N>,
    newest: number,
  ): Promise<ResponseOf<N>> {
    const connection = await this.connect();
    const version = connection.versions.pick(api, newest);
    try {
      return await connection.send(api, body(version), { version });
    } catch (error) {
      this.#coordinator = undefined;
      throw error;
    }
  }

  /**
   * Says goodbye to the group, tried again while the network fails, for a moment: others wait for a member that went without a
   * word until its session ends. Never rejects; then the session time-out does it.
   */
  async part(
    timeoutMs: number,
    send: (connection: BrokerConnection, leftMs: number) => Promise<unknown>,
  ): Promise<void> {
    const budget = { timeoutMs: Math.min(timeoutMs, PARTING_MS), what: 'Leaving the group' };
    await retrying(this.#cluster.ports, this.#cluster.settings, budget, async (leftMs) => {
      try {
        await send(await this.connect(), leftMs);
      } catch (error) {
        this.#coordinator = undefined;
        throw error;
      }
    }).catch(() => {});
  }

  #find(): Promise<number> {
    this.#finding ??= findCoordinator(this.#cluster, this.groupId)
      .then(({ id }) => {
        this.#coordinator = id;
        return id;
      })
      .finally(() => {
        this.#finding = undefined;
      });
    return this.#finding;
  }
}
