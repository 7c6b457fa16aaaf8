import { Test } from '@nestjs/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readConfig } from '../../src/config/index.js';
import { connect } from '../../src/database/servers/connect.js';
import { parseMessageId } from '../../src/messages/message-id.js';
import { toMessageDto } from '../../src/messages/message.dto.js';
import {
  type MessagePage,
  MessagesRepository,
  type PageQuery,
} from '../../src/messages/messages.repository.js';
import { startServer } from '../../src/server.js';

const config = readConfig();
const [shard] = config.database.shards;
if (!shard) throw new Error('there is no shard');
const { client: prisma } = connect(shard.primaryUrl, config.database, {
  hot: [],
  onlyPrimary: false,
});

/** Pages as Prisma is commonly used: a `findMany` for each request, its rows made JSON here. */
const repository: Pick<MessagesRepository, 'page'> = {
  async page({ tag, limit, before }: PageQuery): Promise<MessagePage> {
    const rows = await prisma.message.findMany({
      where: before === undefined ? { tag } : { tag, id: { lt: before } },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const messages = rows.slice(0, limit).map(({ id, message }) => {
      const createdAt = parseMessageId(id)?.createdAt ?? new Date(0);
      return toMessageDto({ id, message, tag, createdAt });
    });
    const next = rows.length > limit ? messages.at(-1)?.id : undefined;
    return { json: JSON.stringify(messages), next };
  },
};

const app = await startServer(config, async (module, adapter, options) => {
  const testing = await Test.createTestingModule({ imports: [module] })
    .overrideProvider(MessagesRepository)
    .useValue(repository)
    .compile();
  return testing.createNestApplication<NestFastifyApplication>(adapter, options);
});

process.on('SIGTERM', () => {
  void app
    .close()
    .then(() => prisma.$disconnect())
    .then(() => process.exit(0));
});
