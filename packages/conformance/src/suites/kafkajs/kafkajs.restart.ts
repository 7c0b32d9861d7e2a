import { restartContract } from '../../contract/restart.ts';
import { kafkajs } from './adapter.ts';

restartContract(kafkajs);
