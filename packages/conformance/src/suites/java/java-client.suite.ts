// The Java client under the contract.
import { groupContract } from '../../contract/groups.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { java } from './adapter.ts';

roundTripContract(java);
groupContract(java);
