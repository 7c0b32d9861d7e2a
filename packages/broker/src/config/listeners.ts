// Reads `listeners`, `advertised.listeners` and `listener.security.protocol.map` as Kafka does. Pure.
import type { Listener } from './broker-config.ts';

/** Something wrong with one of these settings. */
export interface ListenerProblem {
  readonly key: string;
  readonly detail: string;
}

export interface ListenerSettings {
  readonly listeners: readonly string[];
  readonly advertised: readonly string[] | null;
  readonly protocolMap: string;
  /** Whether the map was given, or is Kafka's default. */
  readonly protocolMapGiven: boolean;
  /** `controller.listener.names`: Moldau opens none of them. */
  readonly controllerNames: readonly string[];
  readonly interBroker: string | null;
}

export interface ReadListeners {
  readonly listeners: readonly Listener[];
  readonly advertised: readonly Listener[];
  readonly interBroker: string;
  readonly problems: readonly ListenerProblem[];
  readonly warnings: readonly ListenerProblem[];
}

interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const form = 'name://host:port, for example PLAINTEXT://localhost:9092';
const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

export function readListeners(given: ListenerSettings): ReadListeners {
  const problems: ListenerProblem[] = [];
  const warnings: ListenerProblem[] = [];
  const controller = new Set(given.controllerNames.map((name) => name.toUpperCase()));
  const map = readProtocolMap(given, controller, problems);

  const isController = (place: Place) => controller.has(place.name);
  const bound = places('listeners', given.listeners, problems);
  for (const place of bound.filter(isController)) {
    warnings.push({
      key: 'listeners',
      detail: `listener ${place.name} is for controllers of Kafka; Moldau needs none and does not open it`,
    });
  }
  const served = bound.filter((place) => !isController(place));
  const listeners = served.flatMap((place) => {
    const protocol = map.get(place.name);
    if (protocol === undefined) {
      problems.push({
        key: 'listeners',
        detail: `No security protocol defined for listener ${place.name}; add ${place.name}:PLAINTEXT to listener.security.protocol.map`,
      });
      return [];
    }
    if (protocol !== 'PLAINTEXT') {
      problems.push({
        key: 'listeners',
        detail: `listener ${place.name} has the security protocol ${protocol}; only PLAINTEXT is served yet`,
      });
      return [];
    }
    return [{ ...place, protocol } as const];
  });
  distinct('listeners', served, problems, true);

  const told = (given.advertised ? places('advertised.listeners', given.advertised, problems) : []).filter(
    (place) => !isController(place),
  );
  distinct('advertised.listeners', told, problems, false);
  for (const place of told) {
    if (!served.some((listener) => listener.name === place.name)) {
      problems.push({
        key: 'advertised.listeners',
        detail: `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${place.name}; there are ${served.map((listener) => listener.name).join(', ')}`,
      });
    }
  }
  const advertised = listeners
    .filter((listener) => given.advertised === null || told.some((place) => place.name === listener.name))
    .map((listener): Listener => ({ ...listener, ...told.find((place) => place.name === listener.name) }));
  for (const listener of advertised) {
    if (listener.host === '0.0.0.0' || listener.host === '::') {
      problems.push({
        key: given.advertised === null ? 'listeners' : 'advertised.listeners',
        detail: `advertised.listeners cannot use the nonroutable meta-address ${listener.host}; set advertised.listeners to the address by which clients reach this broker, for example ${listener.name}://localhost:${listener.port}`,
      });
    }
  }
  if (problems.length === 0 && advertised.length === 0) {
    problems.push({
      key: 'listeners',
      detail: 'There must be at least one broker advertised listener; all of them appear in controller.listener.names',
    });
  }
  const interBroker = given.interBroker?.toUpperCase() ?? advertised.find((one) => one.name === 'PLAINTEXT')?.name;
  if (given.interBroker !== null && advertised.length > 0 && !advertised.some((one) => one.name === interBroker)) {
    problems.push({
      key: 'inter.broker.listener.name',
      detail: `must be a listener name defined in advertised.listeners: ${advertised.map((one) => one.name).join(', ')}`,
    });
  }
  return { listeners, advertised, interBroker: interBroker ?? advertised[0]?.name ?? 'PLAINTEXT', problems, warnings };
}

function places(key: string, texts: readonly string[], problems: ListenerProblem[]): Place[] {
  return texts.flatMap((text) => {
    const found = /^([^:/\s]+):\/\/(?:\[([0-9a-zA-Z%.:]*)\]|([0-9a-zA-Z\-%._]*)):(-?[0-9]+)$/.exec(text);
    const port = Number(found?.[4]);
    if (!found || port < 0 || port > 65_535) {
      problems.push({
        key,
        detail: `Unable to parse ${text} to a broker endpoint; allowed is ${form}, with a port of 0 to 65535`,
      });
      return [];
    }
    return [{ name: found[1]!.toUpperCase(), host: found[2] ?? found[3] ?? '', port }];
  });
}

/** Names differ; ports too, unless one is an IPv4 address and the other an IPv6 one. */
function distinct(key: string, found: readonly Place[], problems: ListenerProblem[], ports: boolean): void {
  found.forEach((place, index) => {
    for (const other of found.slice(0, index)) {
      if (other.name === place.name) {
        problems.push({ key, detail: `Each listener must have a different name; there are two of ${place.name}` });
      } else if (ports && place.port !== 0 && other.port === place.port && !differentFamilies(place.host, other.host)) {
        problems.push({
          key,
          detail: `Each listener must have a different port; ${other.name} and ${place.name} share ${place.port}`,
        });
      }
    }
  });
}

function differentFamilies(a: string, b: string): boolean {
  const isV4 = (host: string) => /^\d+\.\d+\.\d+\.\d+$/.test(host);
  const isV6 = (host: string) => host.includes(':');
  return (isV4(a) && isV6(b)) || (isV6(a) && isV4(b));
}

function readProtocolMap(
  given: ListenerSettings,
  controller: ReadonlySet<string>,
  problems: ListenerProblem[],
): ReadonlyMap<string, string> {
  const key = 'listener.security.protocol.map';
  const map = new Map<string, string>();
  for (const entry of given.protocolMap.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const at = entry.lastIndexOf(':');
    const [name, protocol] = [
      entry.slice(0, at).trim().toUpperCase(),
      entry
        .slice(at + 1)
        .trim()
        .toUpperCase(),
    ];
    if (at < 1) problems.push({ key, detail: `${entry} is not of the form NAME:PROTOCOL` });
    else if (!protocols.includes(protocol)) {
      problems.push({ key, detail: `Invalid security protocol ${protocol}; there are ${protocols.join(', ')}` });
    } else map.set(name, protocol);
  }
  if (!given.protocolMapGiven) for (const name of controller) if (!map.has(name)) map.set(name, 'PLAINTEXT');
  return map;
}
