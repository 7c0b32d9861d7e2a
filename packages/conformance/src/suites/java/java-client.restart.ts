import { restartContract } from '../../contract/restart.ts';
import { java } from './adapter.ts';

restartContract(java);
