// move-to-zookeeper: the metadata of a stopped broker goes from its data directory into an empty ZooKeeper, so that it
// becomes the first broker of a cluster of several.
import { readFileSync } from 'node:fs';
import { nodePorts } from '@moldau/kernel/node/ports';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import { defineTool } from '../tool.ts';

const TIMEOUT_MS = 15_000;

export const moveToZooKeeperTool = defineTool({
  name: 'move-to-zookeeper',
  purpose:
    'This tool moves the metadata of a stopped broker into an empty ZooKeeper. Its properties file names both (log.dirs, zookeeper.connect).',
  manner: 'argparse',
  options: defineOptions({
    config: {
      description: 'The properties file of the broker, with zookeeper.connect as it will be.',
      argument: 'required',
      shown: 'CONFIG',
      required: true,
    },
  }),
  run: async (options, terminal) => {
    const file = options.value('config')!;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw refused(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    const { readBrokerConfig } = await import('@moldau/broker/config/read-config');
    const { storeDirectory } = await import('@moldau/broker/controller/open-cluster');
    const { clientOptions, usesZooKeeper } = await import('@moldau/broker/controller/open-zookeeper');
    const { moveToZooKeeper } = await import('@moldau/metadata/zookeeper');
    try {
      const { config } = readBrokerConfig({ file: { name: file, text } });
      if (!usesZooKeeper(config))
        throw new Error(`${file} has no zookeeper.connect: add the line that the broker will start with`);
      const directory = storeDirectory(config);
      const moved = await moveToZooKeeper({
        zooKeeper: clientOptions(nodePorts, config),
        connect: config.zookeeperConnect!,
        setAcl: config.zookeeperSetAcl,
        disk: nodePorts.disk,
        directory,
        timeoutMs: TIMEOUT_MS,
      });
      terminal.out(
        `Moved cluster ${moved.clusterId} (${moved.topics} topics, ${moved.partitions} partitions) from ${directory} to ZooKeeper (${config.zookeeperConnect}).\n` +
          `Start the broker with ${file} now. The old files are kept there as *.moved.\n`,
      );
      return 0;
    } catch (error) {
      throw refused((error as Error).message);
    }
  },
});

const refused = (message: string) => new CommandLineError(message, { usage: false });
