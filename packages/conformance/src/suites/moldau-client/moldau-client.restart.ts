import { restartContract } from '../../contract/restart.ts';
import { moldauClient } from './adapter.ts';

restartContract(moldauClient);
