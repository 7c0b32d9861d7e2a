// What `import 'moldau'` gives: the client, and a broker in this process.

export { type BrokerProcess, type BrokerProcessOptions, startBrokerProcess } from '@moldau/broker/node/main';
export * from '@moldau/client';
