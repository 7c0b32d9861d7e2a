import { restartContract } from '../../contract/restart.ts';
import { confluent } from './adapter.ts';

restartContract(confluent);
