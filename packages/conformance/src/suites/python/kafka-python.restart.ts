import { restartContract } from '../../contract/restart.ts';
import { kafkaPython } from './adapters.ts';

restartContract(kafkaPython);
