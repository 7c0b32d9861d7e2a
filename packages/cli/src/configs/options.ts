import { defineOptions } from '../command-line/option.ts';

/** The options of kafka-configs. */
export const CONFIGS_OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'A broker to connect to, or several.',
    argument: 'required',
    shown: 'server to connect to',
  },
  'bootstrap-controller': {
    description:
      'A controller to connect to. Controllers of their own exist in KRaft clusters only; give --bootstrap-server.',
    argument: 'required',
    shown: 'controller to connect to',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'command config property file',
  },
  alter: { description: 'Change settings of the entity.' },
  describe: { description: 'Show settings of the entity.' },
  all: { description: 'With --describe: all settings, those from the file and the defaults too.' },
  'entity-type': {
    description: 'topics, brokers, broker-loggers, groups, client-metrics, clients, users or ips.',
    argument: 'required',
  },
  'entity-name': {
    description: 'Name of the topic, id of the broker, id of the group … All of the type when left out of --describe.',
    argument: 'required',
  },
  'entity-default': { description: 'The defaults for all clients, users, brokers or ips.' },
  'add-config': {
    description:
      'Settings to set: k1=v1,k2=[v1,v2],k3=v3, with brackets around a value that has commas in it. The names are those of the documentation of the entity.',
    argument: 'required',
  },
  'add-config-file': { description: 'File with settings to set.', argument: 'required' },
  'delete-config': { description: 'Names of settings to take back to their defaults: k1,k2.', argument: 'required' },
  topic: { description: 'Name of a topic.', argument: 'required' },
  client: { description: 'Id of a client.', argument: 'required' },
  'client-defaults': { description: 'The defaults for all clients.' },
  user: { description: 'Name of a user.', argument: 'required' },
  'user-defaults': { description: 'The defaults for all users.' },
  broker: { description: 'Id of a broker.', argument: 'required' },
  'broker-defaults': { description: 'The defaults for all brokers.' },
  'broker-logger': { description: 'Id of a broker whose loggers are meant.', argument: 'required' },
  ip: { description: 'An IP address.', argument: 'required' },
  'ip-defaults': { description: 'The defaults for all IP addresses.' },
  group: { description: 'Id of a group.', argument: 'required' },
  'client-metrics': { description: 'Name of a client metrics subscription.', argument: 'required' },
});
