import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/index.js';
import { DatabaseModule } from '../database/index.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

@Module({
  imports: [DatabaseModule, CacheModule],
  controllers: [MessagesController],
  providers: [MessagesService],
})
export class MessagesModule {}
