// Our own client under the contract.
import { groupContract } from '../../contract/groups.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { moldauClient } from './adapter.ts';

roundTripContract(moldauClient);
groupContract(moldauClient);
