// Invariant 27: whoever is controller, and however it became so, the cluster comes to what the store implies, with no event
// lost: who is not alive is fenced, who is alive is registered under its epoch, and a partition whose in-sync or eligible
// replicas live is led by a broker that lives. Judged while a controller can work: elected, running, and in touch with the
// store without a break; then each of these is true after a while.
// In the flow: looked at every half second of virtual time, after an event.
import type { ClusterImage } from '@moldau/metadata';
import { Broken } from './broken.ts';

/** What is needed of the cluster. */
export interface WatchedCluster {
  /** The newest of the store. */
  readonly image: ClusterImage;
  /** By the store's word, with the epoch of each one's registration. */
  readonly alive: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
  /** The controller is elected, runs, and nothing lies between it and the store. */
  readonly controllerWorks: boolean;
}

const LOOK_EVERY_MS = 500;
/** A controller that works has done everything by then: answers get lost and notifications come late. */
export const DONE_WITHIN_MS = 8_000;

export class ControllerOracle {
  /** What is not as it should be, and since when. */
  #since = new Map<string, number>();
  #epoch = -1;
  #nextAt = 0;
  looks = 0;

  /** Throws Broken. */
  look(now: number, cluster: () => WatchedCluster): void {
    if (now < this.#nextAt) return;
    this.#nextAt = now + LOOK_EVERY_MS;
    const { image, alive, controllerWorks } = cluster();
    if (!controllerWorks || image.epoch !== this.#epoch) {
      this.#since.clear();
      this.#epoch = image.epoch;
      return;
    }
    this.looks++;
    const since = new Map<string, number>();
    for (const what of undone(image, alive)) {
      const at = this.#since.get(what) ?? now;
      if (now - at > DONE_WITHIN_MS) {
        const whose = `controller ${image.controllerId} of epoch ${image.epoch}`;
        throw new Broken(27, `${what}, for ${Math.round(now - at)} ms under ${whose}`);
      }
      since.set(what, at);
    }
    this.#since = since;
  }
}

/** What the store implies and the picture does not say. */
export function* undone(image: ClusterImage, alive: WatchedCluster['alive']): IterableIterator<string> {
  const epochs = new Map(alive.map(({ brokerId, brokerEpoch }) => [brokerId, brokerEpoch]));
  for (const { brokerId, brokerEpoch, fenced } of image.brokers()) {
    const epoch = epochs.get(brokerId);
    if (epoch === undefined && !fenced) yield `broker ${brokerId} is not alive, and not fenced`;
    if (epoch !== undefined && brokerEpoch < epoch)
      yield `broker ${brokerId} is alive in epoch ${epoch}, and not registered`;
  }
  const leads = (id: number) => {
    const broker = image.broker(id);
    return broker !== undefined && !broker.fenced;
  };
  for (const { name, partitions } of image.topics()) {
    for (const { partition, leader, leaderEpoch, isr, elr } of partitions) {
      const which = `${name}-${partition} in epoch ${leaderEpoch}`;
      if (leader >= 0 && !leads(leader)) yield `${which} is led by broker ${leader}, which is fenced`;
      const able = [...isr, ...elr].find((id) => leads(id) && image.broker(id)?.shuttingDown !== true);
      if (leader < 0 && able !== undefined) yield `${which} has no leader, and broker ${able} could be`;
    }
  }
}
