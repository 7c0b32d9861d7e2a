import { restartContract } from '../../contract/restart.ts';
import { confluentPython } from './adapters.ts';

restartContract(confluentPython);
