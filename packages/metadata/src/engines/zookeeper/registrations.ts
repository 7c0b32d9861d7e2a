// Who is alive: this broker's ephemeral znode under /brokers/ids, and everybody else's. The broker's epoch is the znode's
// czxid (C3), which no later registration of anybody can repeat.
// Always: level-triggered; a change is a reason to read all of them again, and the difference is what counts (C7).
import type { Clock, Timers } from '@moldau/kernel';
import { type AliveBroker, type BrokerRegistration, EngineError } from '../../engine.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { Acl, Operation, Stat } from './client/messages.ts';
import type { ZooKeeperEvent } from './events.ts';
import { BROKER_IDS, brokerPath } from './layout.ts';
import { decodeBroker, encodeBroker } from './znode-json.ts';

export interface RegistrationsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly acl: readonly Acl[];
  readonly onEvent: (event: ZooKeeperEvent) => void;
  readonly onChanged: () => void;
  /** The registration made here is not there any more, though the session holds. */
  readonly onOwnLost: (why: string) => void;
}

/** Beyond the session time-out of a broker that died, before its id counts as taken. */
const STALE_SLACK_MS = 3_000;
const STALE_LOOK_MS = 100;

export class Registrations {
  readonly #o: RegistrationsOptions;
  #alive: ReadonlyMap<number, AliveBroker> = new Map();
  #own: { readonly brokerId: number; readonly brokerEpoch: number } | undefined;

  constructor(options: RegistrationsOptions) {
    this.#o = options;
  }

  /** By id. */
  alive(): readonly AliveBroker[] {
    return [...this.#alive.values()].sort((a, b) => a.brokerId - b.brokerId);
  }

  get own(): { readonly brokerId: number; readonly brokerEpoch: number } | undefined {
    return this.#own;
  }

  /** With the session everything made under it is gone. */
  sessionOver(): void {
    this.#own = undefined;
  }

  /** Answers the broker epoch. Throws EngineError FOREIGN when the id is somebody else's, who lives. */
  async register(client: ZooKeeperClient, registration: BrokerRegistration): Promise<number> {
    const { brokerId } = registration;
    const path = brokerPath(brokerId);
    const data = encodeBroker(registration, this.#o.clock.now());
    const make: Operation = { kind: 'create', path, data, ephemeral: true, acl: this.#o.acl };
    const waitMs = client.sessionTimeoutMs + STALE_SLACK_MS;
    const waitsUntil = this.#o.clock.monotonic() + waitMs;
    let told = false;
    // Told to come again: the old one goes, so that the epoch is a new one.
    let replace = true;
    for (;;) {
      try {
        const there = await client.findData(path);
        if (!there) await client.multi([make]);
        else if (there.stat.ephemeralOwner === client.sessionId) {
          // After an answer was lost, what is there is ours if it says the same (C6).
          if (!replace && there.data.equals(data)) return this.#registered(brokerId, there.stat);
          await client.multi([{ kind: 'delete', path, version: there.stat.version }, make]);
        } else if (this.#o.clock.monotonic() < waitsUntil) {
          // Of a session that is not this one: a broker that died and whose session lasts on, or a living one (C4).
          if (!told) this.#o.onEvent({ kind: 'registrationWaits', brokerId, waitMs });
          told = true;
          await new Promise<void>((resolve) => this.#o.timers.set(STALE_LOOK_MS, resolve));
          continue;
        } else {
          const other = decodeBroker(brokerId, there.stat.czxid, there.data)?.endpoints[0];
          const at = other ? ` at ${other.host}:${other.port}` : '';
          throw new EngineError(
            'FOREIGN',
            `Another broker with id ${brokerId} is alive${at}: ${path} in ZooKeeper is kept by session 0x${there.stat.ephemeralOwner}. Give this one another broker.id, or stop the other.`,
          );
        }
        const made = await client.exists(path);
        if (made?.ephemeralOwner === client.sessionId) return this.#registered(brokerId, made);
      } catch (error) {
        if (!isZooKeeperError(error, 'CONNECTION_LOSS', 'OPERATION_TIMEOUT', 'NODE_EXISTS', 'NO_NODE', 'BAD_VERSION'))
          throw error;
      }
      replace = false;
    }
  }

  #registered(brokerId: number, stat: Stat): number {
    this.#own = { brokerId, brokerEpoch: stat.czxid };
    return stat.czxid;
  }

  async leave(client: ZooKeeperClient, brokerId: number): Promise<void> {
    if (this.#own?.brokerId === brokerId) this.#own = undefined;
    try {
      const path = brokerPath(brokerId);
      const there = await client.exists(path);
      if (there?.ephemeralOwner === client.sessionId) await client.delete(path, there.version);
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
    }
  }

  /** Reads who is alive. */
  async look(client: ZooKeeperClient): Promise<void> {
    const own = this.#own;
    const names = await client.getChildren(BROKER_IDS).then(
      ({ names }) => names,
      (error: unknown) => {
        if (isZooKeeperError(error, 'NO_NODE')) return [];
        throw error;
      },
    );
    const ids = names.filter((name) => /^\d+$/.test(name)).map(Number);
    const found = await Promise.all(ids.map((id) => client.findData(brokerPath(id))));
    const alive = new Map<number, AliveBroker>();
    for (const [index, id] of ids.entries()) {
      const one = found[index];
      const broker = one && decodeBroker(id, one.stat.czxid, one.data);
      if (broker) alive.set(id, broker);
    }
    if (own && this.#own === own && alive.get(own.brokerId)?.brokerEpoch !== own.brokerEpoch) {
      this.#own = undefined;
      this.#o.onOwnLost(`${brokerPath(own.brokerId)} is not there any more in ZooKeeper`);
    }
    const epochs = (of: ReadonlyMap<number, AliveBroker>) =>
      [...of.values()]
        .map((one) => `${one.brokerId}:${one.brokerEpoch}`)
        .sort()
        .join();
    const changed = epochs(alive) !== epochs(this.#alive);
    this.#alive = alive;
    if (changed) this.#o.onChanged();
  }
}
