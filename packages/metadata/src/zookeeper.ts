// What tools need of ZooKeeper.
export { brokersInZooKeeper } from './engines/zookeeper/brokers.ts';
export { parseConnectString } from './engines/zookeeper/client/connect-string.ts';
export { isZooKeeperError } from './engines/zookeeper/client/errors.ts';
export { type Moved, moveToZooKeeper } from './engines/zookeeper/move-from-embedded.ts';
