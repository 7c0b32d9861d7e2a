// kafka-broker-api-versions: which APIs and versions each broker serves, and which of them the client here would use.
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { requireOptions } from '../command-line/checks.ts';
import { defineOptions } from '../command-line/option.ts';
import { defineTool } from '../tool.ts';
import { apiVersionsText } from './api-versions-text.ts';

export const brokerApiVersions = defineTool({
  name: 'kafka-broker-api-versions',
  purpose: 'This tool prints which versions of which APIs the brokers serve.',
  options: defineOptions({
    'bootstrap-server': {
      description: 'REQUIRED: a broker to connect to, or several.',
      argument: 'required',
      shown: 'server(s) to use for bootstrapping',
    },
    'command-config': {
      description: 'File with settings of the connection.',
      argument: 'required',
      shown: 'command config property file',
    },
  }),
  run: async (options, terminal) => {
    requireOptions(options, 'bootstrap-server');
    await withAdmin(options, terminal, async (admin) => {
      const { nodes } = await admin.describeCluster();
      for (const node of nodes) {
        const shown = `${node.host}:${node.port} (id: ${node.id} rack: ${node.rack} isFenced: ${node.fenced ?? false})`;
        try {
          terminal.out(`${shown} -> ${apiVersionsText((await admin.apiVersions(node.id)).apis)}\n`);
        } catch (error) {
          terminal.out(`${shown} -> ERROR: ${shownException(error)}\n`);
        }
      }
    });
    return 0;
  },
});
