import { groupContract } from '../../contract/groups.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { kafkaPython } from './adapters.ts';

roundTripContract(kafkaPython);
groupContract(kafkaPython);
