// What a client of a coordinator is told when the coordinator's own log says no. Clients of a coordinator do not know the
// errors of partitions; Kafka's coordinators translate in the same way (CoordinatorOperationExceptionHelper).
import type { WireError } from '@moldau/protocol/errors';

export function coordinatorErrorOf(append: WireError): WireError {
  switch (append) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
      return 'COORDINATOR_NOT_AVAILABLE';
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'KAFKA_STORAGE_ERROR':
      return 'NOT_COORDINATOR';
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'INVALID_FETCH_SIZE':
      return 'UNKNOWN_SERVER_ERROR';
    default:
      return append;
  }
}
