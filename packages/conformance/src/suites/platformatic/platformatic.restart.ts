import { restartContract } from '../../contract/restart.ts';
import { platformatic } from './adapter.ts';

restartContract(platformatic);
