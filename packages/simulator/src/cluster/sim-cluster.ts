// A whole simulated cluster: machines, network, the store of the metadata, brokers, and the host of its clients.
import type { History } from '@moldau/history';
import { ClusterImage, type MetadataBatch } from '@moldau/metadata';
import { Ensemble } from '../engine/ensemble.ts';
import { ModelEngine } from '../engine/model-engine.ts';
import { type EngineFaults, SessionChannel } from '../engine/session-channel.ts';
import { SimNetwork } from '../network/sim-network.ts';
import type { WatchedCluster } from '../oracles/controller-oracle.ts';
import { ClientHost } from '../workload/client-host.ts';
import { type Boot, Machine } from '../world/machine.ts';
import type { World } from '../world/world.ts';
import { EmbeddedProgram } from './embedded-program.ts';
import type { ClusterShape } from './settings.ts';
import { type NodeEvent, programOf, SimNode } from './sim-node.ts';
import { SimProcess } from './sim-process.ts';

const FIRST_PORT = 9092;

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
  /** Told of every batch of the metadata log once it is durable, with the pictures around it. */
  onBatch: ((before: ClusterImage, after: ClusterImage, batch: MetadataBatch) => void) | undefined;
  /** Of brokers in one process: the newest picture that anybody saw. */
  #newest = ClusterImage.empty;

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
    this.ensemble.onBatch = (before, after, batch) => this.onBatch?.(before, after, batch);
    const inOne = this.inOneProcess;
    this.nodes = Array.from({ length: shape.brokers }, (_, index) => {
      const id = index + 1;
      const where = inOne
        ? { host: 'brokers', port: FIRST_PORT + index, settings: { ...shape.settings, 'log.dirs': `/data-${id}` } }
        : { host: `broker-${id}`, port: FIRST_PORT, settings: shape.settings };
      return new SimNode({ id, world, ...where, onEvent });
    });
    if (inOne) {
      const program = new EmbeddedProgram(this.nodes, (before, after, batch) => {
        this.#newest = after;
        this.onBatch?.(before, after, batch);
      });
      const { brokers } = shape;
      const one = new SimProcess({ name: 'brokers', world, network, draws: draws.fork('brokers'), program, brokers });
      for (const node of this.nodes) node.process = one;
    } else {
      for (const node of this.nodes) {
        const engine = (boot: Boot) => {
          const channelOf = channelDraws.fork(`${node.id}/${boot.number}`);
          const channel = new SessionChannel(boot, network, this.store, this.ensemble, channelOf, this.engineFaults);
          return ModelEngine.open(boot, this.ensemble, channel, shape.sessionTimeoutMs);
        };
        const name = `broker-${node.id}`;
        const program = programOf(node, shape.engine === 'model' ? engine : undefined);
        node.process = new SimProcess({ name, world, network, draws: draws.fork(`broker ${node.id}`), program });
      }
    }
    const bootstrap = this.nodes.map(({ address }) => address).join(',');
    this.clients = new ClientHost(world, network, history, draws.fork('clients'), bootstrap);
  }

  /** Several brokers over the embedded store live and die together. */
  get inOneProcess(): boolean {
    return this.shape.engine === 'embedded' && this.shape.brokers > 1;
  }

  start(): void {
    for (const node of this.nodes) node.start();
  }

  /** The newest picture that the store has; with the embedded store, the newest that a broker has. */
  get image(): ClusterImage {
    if (this.shape.engine === 'model') return this.ensemble.image;
    if (this.inOneProcess) return this.#newest;
    let newest = ClusterImage.empty;
    for (const { broker } of this.nodes) {
      const image = broker?.context.image();
      if (image && image.offset > newest.offset) newest = image;
    }
    return newest;
  }

  /** For the oracle of the controller's work. */
  get watched(): WatchedCluster {
    const { image, ensemble, network, store, world } = this;
    const { machine, broker } = this.node(image.controllerId) ?? {};
    if (this.shape.engine !== 'model') return { image, alive: [], controllerWorks: false };
    const controllerWorks =
      machine !== undefined &&
      broker?.context.controller.local !== undefined &&
      ensemble.hasLeader &&
      world.now >= ensemble.awayUntil &&
      world.now >= machine.stalledUntil &&
      network.passes(machine, store) &&
      network.passes(store, machine);
    return { image, alive: ensemble.alive(), controllerWorks };
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
