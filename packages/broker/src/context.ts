// What a handler is given: the broker it works for and the call it answers. Handlers see nothing else: no socket, codec,
// clock of the machine or lock. Wired in broker.ts.
import type { Ports } from '@moldau/kernel';
import type { ClusterImage } from '@moldau/metadata';
import type { LogStore } from '@moldau/storage';
import type { StandardAuthorizer } from './authorizer/standard-authorizer.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import type { ControllerHost } from './controller/controller-host.ts';
import type { EventLog } from './events.ts';
import type { GroupCoordinator } from './group/group-coordinator.ts';
import type { BrokerMetrics } from './metrics.ts';
import type { Deadlines } from './partition/deadlines.ts';
import type { FetchSessions } from './partition/fetch-sessions.ts';
import type { Partitions } from './partition/partitions.ts';
import type { Repairs } from './partition/repairs.ts';
import type { ReplicaManager } from './partition/replica-manager.ts';
import type { Peers } from './peer/peers.ts';
import type { ProducerIds } from './producer-ids.ts';
import type { ClientQuotas } from './quota/client-quotas.ts';

/** Where this broker is reached on one of its listeners, as told to clients. */
export interface AdvertisedEndpoint {
  /** Listener name, upper case as in `listeners` (PLAINTEXT). */
  readonly listener: string;
  readonly host: string;
  readonly port: number;
}

/** An API as told to clients. */
export interface AdvertisedApi {
  readonly key: number;
  readonly advertisedMin: number;
  readonly versions: { readonly min: number; readonly max: number };
}

/** Everything a handler may use. One object for the life of the broker. */
export interface BrokerContext {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly ports: Ports;
  /** The newest picture of the cluster that this broker has applied; immutable, ask again after every wait. */
  image(): ClusterImage;
  /** Who may do what; undefined where everybody may do everything. Asked through `handlers/access`. */
  readonly authorizer: StandardAuthorizer | undefined;
  readonly controller: ControllerHost;
  readonly logs: LogStore;
  readonly partitions: Partitions;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly fetchSessions: FetchSessions;
  /** Copying from other brokers, and other brokers copying from here. */
  readonly replicas: ReplicaManager;
  /** Logs that are damaged, and are mended. */
  readonly repairs: Repairs;
  /**
   * False once the metadata store has not confirmed this broker for longer than its session lasts: somebody else may lead
   * what we believe to lead, and what is not replicated could be lost without a word (invariant 26).
   */
  sessionHolds(): boolean;
  /** What each client may write and read here. */
  readonly quotas: ClientQuotas;
  /** Connections to the other brokers. */
  readonly peers: Peers;
  /** How many requests wait here now, by what they wait for. */
  readonly parked: { fetches: number; produces: number };
  /** One heap of deadlines for everything that waits here. */
  readonly deadlines: Deadlines;
  readonly metrics: BrokerMetrics;
  readonly events: EventLog;
  /** What ApiVersions lists, by key. */
  readonly servedApis: readonly AdvertisedApi[];
  /** The endpoints of this broker with the ports really bound, in the order of `listeners`. */
  readonly endpoints: readonly AdvertisedEndpoint[];
}

/** One request on its way to an answer. Made by the pipeline, one object per request. */
export interface Call {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly connection: CallConnection;
  /** Who asks, as `Type:name`; `User:ANONYMOUS` on a listener without authentication. */
  readonly principal: string;
  /** The address that they ask from: of a forwarded request the client's, not the forwarding broker's. */
  readonly host: string;
  /** Monotonic milliseconds (`Clock.monotonic`) when the whole request had arrived. */
  readonly receivedAtMs: number;
  /** Bytes of the request, as a producer's quota counts them. */
  readonly frameBytes: number;
  /** True once nobody waits for the answer any more (the connection closed). */
  aborted(): boolean;
  /** Names what to do when the connection closes before the answer; one at a time, the last counts. For whoever parks the call. */
  onAbort(run: () => void): void;
  /**
   * Names what to do when the next request of the connection has arrived and waits for this one's answer, for whoever
   * parked the call. Not called for one that was there before.
   */
  onFollowed(run: () => void): void;
  /**
   * Names what to do when the memory of the answer (record batches that it refers to) is no longer looked at: sent to the
   * last byte, or never to be sent. Not called when the connection broke off in the middle.
   */
  onSent(run: () => void): void;
  /** The connection takes up nothing new for so long, beginning with this answer (KIP-219). */
  throttle(throttleMs: number): void;
}

/** The facts of a connection that handlers may ask for. */
export interface CallConnection {
  /** Unique in this run of the broker. */
  readonly id: number;
  readonly remoteHost: string;
  /** Name of the listener that the client came through. Answers name endpoints of this same listener. */
  readonly listener: string;
  /** What the client said of itself in ApiVersions v3+. */
  readonly clientSoftware: ClientSoftware | undefined;
  /** Notes what the client says of itself. */
  introduce(software: ClientSoftware): void;
}

/** The library on the other side, in its own words. */
export interface ClientSoftware {
  readonly name: string;
  readonly version: string;
}

/** A handler's word that this request gets no answer (Produce with acks 0). The connection goes on. */
export const NO_RESPONSE: unique symbol = Symbol('no response');
/** A handler's word that the connection must be closed without an answer (a refused Produce with acks 0). */
export const CLOSE_CONNECTION: unique symbol = Symbol('close connection');

/** What a handler answers with, now or later. */
export type Answer<Response> = Response | typeof NO_RESPONSE | typeof CLOSE_CONNECTION;

/**
 * An answer that comes later without a promise: the handler returns it, and the pipeline gives it the function to call,
 * at most once. For Produce and Fetch, where a promise chain per request would show; everything else returns a promise.
 */
export class Later<Response> {
  #answer: Answer<Response> | undefined;
  #receive: ((answer: Answer<Response>) => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #receiveFailure: ((error: unknown) => void) | undefined;

  /** Gives the answer. Later calls are ignored: a request can be released by an offset and by its deadline. */
  resolve(answer: Answer<Response>): void {
    if (this.resolved) return;
    this.#answer = answer;
    this.#receive?.(answer);
  }

  /** Gives up with an error of ours, as a throw would. */
  fail(error: unknown): void {
    if (this.resolved) return;
    this.#failure = { error };
    this.#receiveFailure?.(error);
  }

  get resolved(): boolean {
    return this.#answer !== undefined || this.#failure !== undefined;
  }

  /** For the pipeline: names who receives the answer or the error, at once if it is there already. */
  onAnswer(receive: (answer: Answer<Response>) => void, receiveFailure: (error: unknown) => void): void {
    if (this.#answer !== undefined) receive(this.#answer);
    else if (this.#failure) receiveFailure(this.#failure.error);
    else {
      this.#receive = receive;
      this.#receiveFailure = receiveFailure;
    }
  }
}

/**
 * Serves one API. Refusals the protocol foresees are fields of the response; a throw is a defect or a failure of the world
 * and is turned into the API's error response at the one boundary in the pipeline.
 * Order: what a handler does before its first wait happens in the order of requests on the connection.
 */
export type Handler<Request, Response> = (
  broker: BrokerContext,
  call: Call,
  request: Request,
) => Answer<Response> | Promise<Answer<Response>> | Later<Response>;
