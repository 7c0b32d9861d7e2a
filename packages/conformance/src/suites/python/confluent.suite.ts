import { groupContract } from '../../contract/groups.ts';
import { roundTripContract } from '../../contract/round-trip.ts';
import { confluentPython } from './adapters.ts';

roundTripContract(confluentPython);
groupContract(confluentPython);
