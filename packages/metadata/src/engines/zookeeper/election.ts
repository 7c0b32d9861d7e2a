// Becoming the controller: one multi that makes /controller and raises /controller_epoch (C1), so that who leads and what
// fences the one before are never apart. Whoever loses waits until /controller is gone.
// Always: a leadership belongs to one session and ends with it.
import type { Clock } from '@moldau/kernel';
import { EngineError } from '../../engine.ts';
import type { ZooKeeperClient } from './client/client.ts';
import { isZooKeeperError } from './client/errors.ts';
import type { Acl } from './client/messages.ts';
import { CONTROLLER, CONTROLLER_EPOCH } from './layout.ts';
import { decodeController, encodeController } from './znode-json.ts';

export interface Won {
  readonly epoch: number;
  /** Version of /controller_epoch that every write of this leadership checks. */
  readonly epochVersion: number;
}

interface Attempt extends Won {
  readonly client: ZooKeeperClient;
}

export interface ElectionOptions {
  readonly clock: Clock;
  readonly acl: readonly Acl[];
  /** No controller may have a lower epoch: that of the newest picture. */
  readonly epochMin: () => number;
}

export class Election {
  readonly #o: ElectionOptions;
  /** The last one made, whose answer may have been lost (C6). */
  #attempt: Attempt | undefined;

  constructor(options: ElectionOptions) {
    this.#o = options;
  }

  /** Tries once, as often as answers are lost. Undefined when somebody else leads. */
  async stand(client: ZooKeeperClient, brokerId: number): Promise<Won | undefined> {
    for (;;) {
      try {
        const outcome = await this.#once(client, brokerId);
        if (outcome !== 'again') return outcome;
      } catch (error) {
        const known = isZooKeeperError(error, 'NODE_EXISTS', 'BAD_VERSION', 'NO_NODE');
        if (!known && !isZooKeeperError(error, 'CONNECTION_LOSS', 'OPERATION_TIMEOUT')) throw error;
      }
    }
  }

  async #once(client: ZooKeeperClient, brokerId: number): Promise<Won | undefined | 'again'> {
    await client.sync(CONTROLLER);
    const controller = await client.findData(CONTROLLER);
    const last = await client.findData(CONTROLLER_EPOCH);
    if (!last) {
      await client.create(CONTROLLER_EPOCH, Buffer.from(String(this.#o.epochMin())), { acl: this.#o.acl });
      return 'again';
    }
    const lastEpoch = Number(last.data.toString());
    if (controller) {
      if (controller.stat.ephemeralOwner !== client.sessionId) return undefined;
      const attempt = this.#attempt;
      if (attempt?.client === client && attempt.epoch === lastEpoch && attempt.epochVersion === last.stat.version) {
        return attempt;
      }
      // Ours, and nobody leads by it: left behind by a leadership that was given up.
      await client.delete(CONTROLLER, controller.stat.version);
      return 'again';
    }
    if (!Number.isSafeInteger(lastEpoch) || lastEpoch < this.#o.epochMin()) {
      const message = `${CONTROLLER_EPOCH} in ZooKeeper is ${last.data.toString()}, but controllers up to epoch ${this.#o.epochMin()} have written: it is older than the metadata. Restore ZooKeeper's newest data.`;
      throw new EngineError('FOREIGN', message);
    }
    const attempt = { client, epoch: lastEpoch + 1, epochVersion: last.stat.version + 1 };
    this.#attempt = attempt;
    const data = encodeController(brokerId, this.#o.clock.now());
    await client.multi([
      { kind: 'create', path: CONTROLLER, data, ephemeral: true, acl: this.#o.acl },
      { kind: 'setData', path: CONTROLLER_EPOCH, data: Buffer.from(String(attempt.epoch)), version: last.stat.version },
    ]);
    return attempt;
  }

  /** Lets the next candidate in although the controller's session stands, if `brokerId` is still who leads by it. */
  async unseat(client: ZooKeeperClient, brokerId: number): Promise<void> {
    try {
      // Asked before the node: one who was elected meanwhile has raised it, and keeps a node that looks just the same.
      const epoch = await client.findData(CONTROLLER_EPOCH);
      const controller = await client.findData(CONTROLLER);
      if (!epoch || !controller || decodeController(controller.data) !== brokerId) return;
      if (controller.stat.ephemeralOwner === client.sessionId) return;
      await client.multi([
        { kind: 'check', path: CONTROLLER_EPOCH, version: epoch.stat.version },
        { kind: 'delete', path: CONTROLLER, version: controller.stat.version },
      ]);
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
    }
  }

  /** Lets the next candidate in. What cannot be reached goes with the session. */
  async resign(client: ZooKeeperClient): Promise<void> {
    this.#attempt = undefined;
    try {
      const controller = await client.findData(CONTROLLER);
      if (controller?.stat.ephemeralOwner === client.sessionId)
        await client.delete(CONTROLLER, controller.stat.version);
    } catch (error) {
      if (!isZooKeeperError(error)) throw error;
    }
  }
}
