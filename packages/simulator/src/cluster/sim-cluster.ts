// A whole simulated cluster: machines, network, the store of the metadata, brokers, and the host of its clients.
import type { History } from '@moldau/history';
import { ClusterImage } from '@moldau/metadata';
import { Ensemble } from '../engine/ensemble.ts';
import { ModelEngine } from '../engine/model-engine.ts';
import { type EngineFaults, SessionChannel } from '../engine/session-channel.ts';
import { SimNetwork } from '../network/sim-network.ts';
import { ClientHost } from '../workload/client-host.ts';
import { type Boot, Machine } from '../world/machine.ts';
import type { World } from '../world/world.ts';
import type { ClusterShape } from './settings.ts';
import { type NodeEvent, SimNode } from './sim-node.ts';

export class SimCluster {
  readonly world: World;
  readonly shape: ClusterShape;
  readonly network: SimNetwork;
  readonly ensemble: Ensemble;
  readonly engineFaults: EngineFaults = { lostReplyShare: 0, lateWatchMs: 5 };
  /** The machine that stands for the ensemble. */
  readonly store: Machine;
  readonly nodes: readonly SimNode[];
  readonly clients: ClientHost;

  constructor(world: World, shape: ClusterShape, history: History, onEvent: (node: SimNode, event: NodeEvent) => void) {
    this.world = world;
    this.shape = shape;
    const { draws } = world;
    const network = new SimNetwork(world, draws.fork('network'));
    this.network = network;
    this.store = new Machine(world, 'zookeeper', draws.fork('zookeeper'));
    network.add(this.store);
    this.ensemble = new Ensemble(world);
    const channelDraws = draws.fork('channels');
    this.nodes = Array.from({ length: shape.brokers }, (_, index) => {
      const id = index + 1;
      return new SimNode({
        id,
        world,
        network,
        draws: draws.fork(`broker ${id}`),
        settings: shape.settings,
        onEvent,
        ...(shape.engine === 'model' && {
          engine: (boot: Boot) => {
            const channelOf = channelDraws.fork(`${id}/${boot.number}`);
            const channel = new SessionChannel(boot, network, this.store, this.ensemble, channelOf, this.engineFaults);
            return ModelEngine.open(boot, this.ensemble, channel, shape.sessionTimeoutMs);
          },
        }),
      });
    });
    const bootstrap = this.nodes.map(({ machine }) => `${machine.name}:9092`).join(',');
    this.clients = new ClientHost(world, network, history, draws.fork('clients'), bootstrap);
  }

  start(): void {
    for (const node of this.nodes) node.start();
  }

  /** The newest picture that the store has; with the embedded store, the newest that a broker has. */
  get image(): ClusterImage {
    if (this.shape.engine === 'model') return this.ensemble.image;
    let newest = ClusterImage.empty;
    for (const { broker } of this.nodes) {
      const image = broker?.context.image();
      if (image && image.offset > newest.offset) newest = image;
    }
    return newest;
  }

  /** Whether a broker alive leads a partition of `topic` by its own picture, while the store has given it to another. */
  hasDethronedLeader(topic: string): boolean {
    const states = this.image.topic(topic)?.partitions ?? [];
    return states.some(({ partition, leader }) =>
      this.nodes.some(
        ({ id, broker }) => id !== leader && broker?.context.partitions.get(topic, partition)?.isLeader === true,
      ),
    );
  }

  node(id: number): SimNode | undefined {
    return this.nodes[id - 1];
  }
}
