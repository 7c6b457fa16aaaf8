import { Body, Controller, Get, Header, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Answers } from '../http/index.js';
import {
  messageSchema,
  newMessageSchema,
  type NewMessageDto,
  pageQuerySchema,
  type PageQueryDto,
  type MessageDto,
  toMessageDto,
} from './message.dto.js';
import { MessagesService } from './messages.service.js';
import { nextPageLink } from './page-link.js';

@ApiTags('messages')
@Controller('messages')
export class MessagesController {
  constructor(private readonly service: MessagesService) {}

  @Post()
  @ApiOperation({ operationId: 'postMessage', summary: 'Post a message under a tag' })
  @Answers(201, 'The message as it was stored', messageSchema, {
    headers: { Location: 'Where the message is' },
    problems: [400, 413, 415, 503],
  })
  async post(
    @Body({ schema: newMessageSchema }) body: NewMessageDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageDto> {
    const posted = await this.service.post(body);
    reply.header('location', `/messages/${posted.id}`);
    return toMessageDto(posted);
  }

  @Get()
  @ApiOperation({ operationId: 'listMessages', summary: 'The messages of a tag, newest first' })
  @Header('Cache-Control', 'no-cache')
  @Answers(200, 'A page of messages', messageSchema.array(), {
    headers: { Link: 'Where the next, older page is (`rel="next"`), while there is one' },
    problems: [400, 503],
  })
  async list(
    @Query({ schema: pageQuerySchema }) query: PageQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageDto[]> {
    const page = await this.service.page(query);
    const next = nextPageLink(query.tag, query.limit, page);
    if (next) reply.header('link', next);
    return page.messages.map(toMessageDto);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getMessage', summary: 'One message' })
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  @Answers(200, 'The message', messageSchema, { problems: [404, 503] })
  async find(@Param('id') id: string): Promise<MessageDto> {
    return toMessageDto(await this.service.find(id));
  }
}
