import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { MessagesRepository } from '../messages/messages.repository.js';
import { PrismaMessagesRepository } from './messages/prisma-messages.repository.js';
import { verifyShards } from './migrate/verify.js';
import { Shards } from './shards/shards.js';

@Module({
  providers: [
    {
      provide: Shards,
      inject: [CONFIG],
      useFactory: ({ database }: Config) => new Shards(database),
    },
    { provide: MessagesRepository, useClass: PrismaMessagesRepository },
  ],
  exports: [MessagesRepository],
})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Shards) private readonly shards: Shards,
  ) {}

  onModuleInit(): Promise<void> {
    return verifyShards(this.config.database);
  }

  onApplicationShutdown(): Promise<void> {
    return this.shards.close();
  }
}
