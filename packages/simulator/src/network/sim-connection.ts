// One end of a TCP connection. Its half of the conversation: what it wrote and the other end has not read, and what came
// and its program has not taken. Bytes are copied once, when written: the reader owns what it gets.
import type { Connection, ConnectionEvents, Endpoint } from '@moldau/kernel';
import type { Boot } from '../world/machine.ts';
import { coded, type SimNetwork } from './sim-network.ts';

/** Bytes that wait before `write` answers false, as Node's socket has it. */
const HIGH_WATER_BYTES = 16_384;

/** Packets of one direction never arrive at the same time, or a draw could reorder them. */
const PACKET_GAP_MS = 0.001;

type Packet = Buffer | 'end';

export class SimConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly boot: Boot;
  readonly #network: SimNetwork;
  #peer!: SimConnection;
  #events: ConnectionEvents | undefined;
  #queued = 0;
  #full = false;
  /** Not before this may the next packet arrive: order. */
  #arrivesAt = 0;
  /** Packets that a cut holds back, and since when. */
  #held: Packet[] = [];
  #heldSince = 0;
  /** Came, and was not taken. */
  readonly #inbox: Packet[] = [];
  #paused = false;
  #ended = false;
  #peerEnded = false;
  /** Over: nothing is sent or delivered any more. */
  #over = false;
  /** The other end is gone, and this end has not been told. */
  #peerGone = false;
  #closeTold = false;

  private constructor(network: SimNetwork, boot: Boot, local: Endpoint, remote: Endpoint) {
    this.#network = network;
    this.boot = boot;
    this.local = local;
    this.remote = remote;
    network.connections.add(this);
  }

  static pair(
    network: SimNetwork,
    near: Boot,
    far: Boot,
    from: Endpoint,
    to: Endpoint,
  ): [SimConnection, SimConnection] {
    const a = new SimConnection(network, near, from, to);
    const b = new SimConnection(network, far, to, from);
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  get queuedBytes(): number {
    return this.#queued;
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#over) {
      this.#tellClose(undefined);
      return;
    }
    if (this.#inbox.length > 0) this.#network.world.schedule(0, this.boot, 'read', () => this.#read());
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#over || this.#ended) return true;
    const bytes = Buffer.concat(chunks);
    if (bytes.length === 0) return true;
    this.#queued += bytes.length;
    const { draws, faults } = this.#network;
    if (bytes.length > 1 && draws.chance(faults.chunkShare)) {
      let at = 0;
      for (let pieces = draws.between(1, 3); pieces > 0 && at < bytes.length - 1; pieces--) {
        const end = draws.between(at + 1, bytes.length - 1);
        this.#send(bytes.subarray(at, end));
        at = end;
      }
      this.#send(bytes.subarray(at));
    } else this.#send(bytes);
    this.#full ||= this.#queued >= HIGH_WATER_BYTES;
    return this.#queued < HIGH_WATER_BYTES;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#inbox.length > 0) this.#network.world.schedule(0, this.boot, 'read', () => this.#read());
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#send('end');
    if (this.#peerEnded) this.#finish(undefined);
  }

  destroy(error?: Error): void {
    if (this.#over) return;
    if (!this.#ended) {
      this.#ended = true;
      // Unread bytes make the system reset; else the other end reads to the end, and is reset when it writes.
      if (this.#inbox.length > 0 || this.#network.draws.chance(0.3)) this.#resetPeer();
      else this.#send('end');
    }
    this.#finish(error);
  }

  /** Both ends hear of a reset, or (half open) one of them only when it next sends. */
  reset(): void {
    if (this.#network.draws.chance(0.7)) this.#peer.#arriveReset();
    this.#arriveReset();
  }

  processEnded(machineIsUp: boolean): void {
    this.#over = true;
    this.#network.connections.delete(this);
    if (!machineIsUp) return;
    if (this.#network.draws.chance(0.5)) this.#resetPeer();
    else if (!this.#ended) this.#send('end');
  }

  /** A cut is over, or a machine has power again. */
  retransmit(): void {
    if (this.#held.length === 0) return;
    if (!this.#network.passes(this.boot.machine, this.#peer.boot.machine)) return;
    const held = this.#held;
    this.#held = [];
    // Back-off has grown meanwhile.
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#network.world.now + this.#network.draws.range(0, 500));
    for (const packet of held) this.#send(packet);
  }

  #send(packet: Packet): void {
    const { world } = this.#network;
    const from = this.boot.machine;
    const to = this.#peer.boot.machine;
    if (this.#held.length > 0 || !this.#network.passes(from, to)) {
      if (this.#held.length === 0) this.#giveUpLater();
      this.#held.push(packet);
      return;
    }
    this.#arrivesAt = Math.max(this.#arrivesAt + PACKET_GAP_MS, world.now + this.#network.delayMs(from, to));
    // The system receives, not the program: a stalled one finds the bytes when it reads again.
    world.schedule(this.#arrivesAt - world.now, undefined, 'packet', () => {
      if (this.#network.passes(from, to)) this.#peer.#arrive(packet);
      else {
        if (this.#held.length === 0) this.#giveUpLater();
        this.#held.push(packet);
      }
    });
  }

  #giveUpLater(): void {
    const { world, faults } = this.#network;
    this.#heldSince = world.now;
    world.schedule(faults.tcpTimeoutMs, undefined, 'tcp timeout', () => {
      if (this.#held.length === 0 || this.#over || world.now - this.#heldSince < faults.tcpTimeoutMs) return;
      this.#peer.#peerGone = true;
      this.#finish(coded('ETIMEDOUT', 'read ETIMEDOUT'));
    });
  }

  #arrive(packet: Packet): void {
    if (this.#over) {
      // Nobody is here (any more): the system answers with a reset, unless it was the goodbye.
      if (packet !== 'end') this.#resetPeer();
      return;
    }
    if (this.#peerGone && packet !== 'end') return;
    this.#inbox.push(packet);
    if (this.#inbox.length === 1 && this.#events && !this.#paused) {
      this.#network.world.schedule(0, this.boot, 'read', () => this.#read());
    }
  }

  #read(): void {
    while (!this.#paused && !this.#over && this.#inbox.length > 0) {
      const packet = this.#inbox.shift()!;
      if (packet === 'end') {
        this.#peerEnded = true;
        if (this.#events?.onEnd) this.#events.onEnd();
        else this.end();
        if (this.#ended) this.#finish(undefined);
        continue;
      }
      this.#network.world.note(packet.length);
      this.#peer.#taken(packet.length);
      this.#events?.onData(packet);
    }
  }

  #taken(bytes: number): void {
    this.#queued -= bytes;
    if (!this.#full || this.#queued >= HIGH_WATER_BYTES || this.#over) return;
    this.#full = false;
    this.#network.world.schedule(0.05, this.boot, 'drain', () => {
      if (!this.#over) this.#events?.onDrain?.();
    });
  }

  /** Tells the other end that nobody is here, if a packet gets there. */
  #resetPeer(): void {
    const { world } = this.#network;
    const from = this.boot.machine;
    const to = this.#peer.boot.machine;
    if (!this.#network.passes(from, to)) {
      this.#peer.#peerGone = true;
      return;
    }
    world.schedule(this.#network.delayMs(from, to), undefined, 'rst', () => this.#peer.#arriveReset());
  }

  #arriveReset(): void {
    if (!this.#over) this.#finish(coded('ECONNRESET', 'read ECONNRESET'));
  }

  #finish(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#queued = 0;
    this.#network.connections.delete(this);
    if (this.#events) this.#tellClose(error);
  }

  #tellClose(error: Error | undefined): void {
    if (this.#closeTold) return;
    this.#closeTold = true;
    this.#network.world.schedule(0, this.boot, 'close', () => this.#events?.onClose(error));
  }
}
