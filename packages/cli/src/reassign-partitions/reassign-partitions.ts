// kafka-reassign-partitions: moves partitions to other brokers, or to other directories of theirs.
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { CommandLineError } from '../command-line/option.ts';
import { defineTool } from '../tool.ts';
import { ACTIONS } from './actions.ts';
import { checkReassignOptions } from './check-options.ts';
import { REASSIGN_OPTIONS } from './options.ts';
import { TerseError } from './terse-error.ts';

export const reassignPartitions = defineTool({
  name: 'kafka-reassign-partitions',
  purpose: 'This tool helps to move topic partitions between replicas.',
  options: REASSIGN_OPTIONS,
  run: async (options, terminal) => {
    const action = checkReassignOptions(options);
    const servers = options.value('bootstrap-server') ?? options.value('bootstrap-controller');
    try {
      await withAdmin(
        options,
        terminal,
        (admin) => ACTIONS[action](admin, options, terminal),
        new Map(servers === undefined ? [] : [['bootstrap.servers', servers]]),
      );
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError && error.usage) throw error;
      terminal.out(`${error instanceof TerseError ? '' : 'Error: '}${shownException(error)}\n`);
      return 1;
    }
  },
});
