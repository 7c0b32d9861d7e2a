import { defineOptions } from '../command-line/option.ts';

/** By which --operation names them; ALL stands first, the rest as Kafka's enum has them. */
export const OPERATION_WORDS = [
  ...(['All', 'Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'ClusterAction', 'DescribeConfigs'] as const),
  ...(['AlterConfigs', 'IdempotentWrite', 'CreateTokens', 'DescribeTokens', 'TwoPhaseCommit'] as const),
] as const;

/** The options of kafka-acls. */
export const ACLS_OPTIONS = defineOptions({
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
    shown: 'command-config',
  },
  add: { description: 'Add ACLs.' },
  remove: { description: 'Remove ACLs.' },
  list: { description: 'Show the ACLs of the resources that are named, or all.' },
  topic: { description: "A topic; '*' means all. May be given several times.", argument: 'required', shown: 'topic' },
  group: { description: "A group; '*' means all.", argument: 'required', shown: 'group' },
  cluster: { description: 'The cluster as a whole.' },
  'transactional-id': {
    description: "A transactional id; '*' means all.",
    argument: 'required',
    shown: 'transactional-id',
  },
  'delegation-token': {
    description: "A delegation token; '*' means all.",
    argument: 'required',
    shown: 'delegation-token',
  },
  'user-principal': {
    description: 'A user as the resource: who may make tokens for it (CreateTokens, DescribeTokens).',
    argument: 'required',
    shown: 'user-principal',
  },
  'resource-pattern-type': {
    description:
      "How names are meant. To add: 'literal' or 'prefixed'. To list and remove also 'any' (the name itself, in any pattern) and 'match' (every ACL that concerns the name; mind it together with --remove).",
    argument: 'required',
    shown: 'ANY|MATCH|LITERAL|PREFIXED',
    default: 'LITERAL',
  },
  operation: {
    description: `What is allowed or denied: ${OPERATION_WORDS.join(', ')}. May be given several times.`,
    argument: 'required',
    default: 'All',
  },
  'allow-principal': {
    description: "Who is allowed, as principalType:name; User:'*' means every user.",
    argument: 'required',
    shown: 'allow-principal',
  },
  'deny-principal': {
    description:
      'Who is denied, as principalType:name. Only needed against an ACL that allows: who is not allowed is denied anyway.',
    argument: 'required',
    shown: 'deny-principal',
  },
  'allow-host': {
    description: "The address from which --allow-principal is allowed; '*', all, when it is not given.",
    argument: 'required',
    shown: 'allow-host',
  },
  'deny-host': {
    description: "The address from which --deny-principal is denied; '*', all, when it is not given.",
    argument: 'required',
    shown: 'deny-host',
  },
  principal: {
    description: 'With --list: only the ACLs of this principal. May be given several times.',
    argument: 'optional',
    shown: 'principal',
  },
  producer: { description: 'What a producer needs: Write, Describe and Create on --topic.' },
  consumer: { description: 'What a consumer needs: Read and Describe on --topic, Read on --group.' },
  idempotent: { description: 'With --producer: IdempotentWrite on the cluster, for brokers before 3.0.' },
  force: { description: 'Ask nothing, take Yes for the answer.' },
});
