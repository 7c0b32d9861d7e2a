// .properties of Kafka's clients to the options of ours, for a client that is about to connect.
import { ADMIN_SETTINGS } from '@moldau/client/settings/admin-settings';
import { CONSUMER_SETTINGS } from '@moldau/client/settings/consumer-settings';
import { PRODUCER_SETTINGS } from '@moldau/client/settings/producer-settings';
import { type OptionsOf, type SettingTable, settingsFromProperties } from '@moldau/client/settings/setting';
import type { Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { warnIfUnreachable } from './reachability.ts';

export const adminSettings = (properties: Properties, terminal: Terminal) => read(ADMIN_SETTINGS, properties, terminal);
export const consumerSettings = (properties: Properties, terminal: Terminal) =>
  read(CONSUMER_SETTINGS, properties, terminal);
export const producerSettings = (properties: Properties, terminal: Terminal) =>
  read(PRODUCER_SETTINGS, properties, terminal);

/** What a Java client needs and ours does not: no word about it. */
const JAVA_ONLY = /^(key|value)\.(de)?serializer$|^metric|^(send|receive)\.buffer\.bytes$/;

function read<S extends SettingTable>(table: S, properties: Properties, terminal: Terminal): OptionsOf<S> {
  warnIfUnreachable(properties.get('bootstrap.servers'), terminal);
  const { options, unknown } = settingsFromProperties(table, Object.fromEntries(properties));
  for (const name of unknown) {
    if (JAVA_ONLY.test(name)) continue;
    terminal.err(
      logLine(terminal.now(), 'WARN', `The configuration '${name}' was supplied but has no effect here.`, 'moldau'),
    );
  }
  return options;
}
