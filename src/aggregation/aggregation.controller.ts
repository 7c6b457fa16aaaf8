import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../auth/index.js';
import { Answers } from '../http/index.js';
import {
  type MessageCountsDto,
  messageCountsQuerySchema,
  type MessageCountsQueryDto,
  messageCountsSchema,
  type TagCountsDto,
  tagCountsQuerySchema,
  type TagCountsQueryDto,
  tagCountsSchema,
} from './aggregation.dto.js';
import { AggregationService } from './aggregation.service.js';

const PROBLEMS = { problems: [400, 401, 403, 503] };

@RequireScope('aggregations:read')
@ApiTags('aggregations')
@Controller('aggregations')
export class AggregationController {
  constructor(private readonly service: AggregationService) {}

  @Get('messages')
  @ApiOperation({
    operationId: 'countMessages',
    summary: 'How many messages there are of each year, month or day',
  })
  @Header('Cache-Control', 'no-store')
  @Answers(200, 'The periods that have messages', messageCountsSchema, PROBLEMS)
  async messages(
    @Query({ schema: messageCountsQuerySchema }) query: MessageCountsQueryDto,
  ): Promise<MessageCountsDto> {
    const { group_by: period, ...range } = query;
    return { group_by: period, aggregates: await this.service.messages({ period, ...range }) };
  }

  @Get('tags')
  @ApiOperation({ operationId: 'busiestTags', summary: 'The tags with the most messages' })
  @Header('Cache-Control', 'no-store')
  @Answers(200, 'The busiest tags', tagCountsSchema, PROBLEMS)
  async tags(
    @Query({ schema: tagCountsQuerySchema }) query: TagCountsQueryDto,
  ): Promise<TagCountsDto> {
    return { tags: await this.service.tags(query) };
  }
}
