import {
  Body,
  Controller,
  Get,
  Header,
  Param,
  Post,
  Query,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/index.js';
import { MessageInterceptor, PageInterceptor } from '../cache/index.js';
import { Answers, RateLimited } from '../http/index.js';
import {
  messageSchema,
  newMessageSchema,
  type NewMessageDto,
  pageQuerySchema,
  type PageQueryDto,
  type MessageDto,
  toMessageDto,
} from './message.dto.js';
import { ConsistencyToken, IdempotencyKey, IfNoneMatch } from './message.headers.js';
import type { MessagePage } from './messages.repository.js';
import { MessagesService } from './messages.service.js';

/** Pages and messages come from the repository as the text that is sent. */
const JSON_TEXT = 'application/json; charset=utf-8';

@Public()
@ApiTags('messages')
@Controller('messages')
export class MessagesController {
  constructor(private readonly service: MessagesService) {}

  @Post()
  @RateLimited()
  @ApiOperation({ operationId: 'postMessage', summary: 'Post a message under a tag' })
  @IdempotencyKey.Documented()
  @Answers(201, 'The message as it was stored', messageSchema, {
    headers: {
      Location: 'Where the message is',
      'Consistency-Token': 'For a GET that has to show the message, whatever fails',
    },
    problems: [400, 413, 415, 422, 429, 503],
  })
  async post(
    @Body({ schema: newMessageSchema }) body: NewMessageDto,
    @IdempotencyKey.Value() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageDto> {
    const { message, consistencyToken } = await this.service.post({ ...body, idempotencyKey });
    reply.headers({
      location: `/messages/${message.id}`,
      'consistency-token': consistencyToken,
    });
    return toMessageDto(message);
  }

  @Get()
  @ApiOperation({ operationId: 'listMessages', summary: 'The messages of a tag, newest first' })
  @UseInterceptors(PageInterceptor)
  @Header('Content-Type', JSON_TEXT)
  @ConsistencyToken.Documented()
  @IfNoneMatch.Documented()
  @Answers(200, 'A page of messages', messageSchema.array(), {
    headers: {
      Link: 'Where the next, older page is (`rel="next"`), while there is one',
      ETag: 'Which page it is, for `If-None-Match`',
    },
    empty: { 304: 'The page is the one that `If-None-Match` names' },
    problems: [400, 503],
  })
  list(
    @Query({ schema: pageQuerySchema }) query: PageQueryDto,
    @ConsistencyToken.Value() consistencyToken: string | undefined,
  ): Promise<MessagePage> {
    return this.service.page({ ...query, consistencyToken });
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getMessage', summary: 'One message' })
  @UseInterceptors(MessageInterceptor)
  @Header('Content-Type', JSON_TEXT)
  @IfNoneMatch.Documented()
  @Answers(200, 'The message', messageSchema, {
    headers: { ETag: 'Which message it is, for `If-None-Match`' },
    empty: { 304: 'The caller has the message' },
    problems: [404, 503],
  })
  find(@Param('id') id: string): Promise<string> {
    return this.service.find(id);
  }
}
