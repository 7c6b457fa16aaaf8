import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, map, type Observable, of } from 'rxjs';
import type { MessagePage } from '../messages/messages.repository.js';
import { addHeaders } from '../http/index.js';
import { noteAnsweredFrom } from '../request-context/index.js';
import { IfNoneMatch } from './etag.js';
import { PageAnswer } from './page-answer.js';
import { lookedFor } from './page-hits.js';
import { type MissedPage, Pages } from './pages.js';
import { readPageRequest } from './read-page-request.js';

/**
 * Answers a page from the cache, or makes the answer of what the handler brings. A request that is
 * not valid is left to the handler, which says what is wrong.
 */
@Injectable()
export class PageInterceptor implements NestInterceptor<MessagePage, Buffer | undefined> {
  constructor(private readonly pages: Pages) {}

  async intercept(
    context: ExecutionContext,
    next: CallHandler<MessagePage>,
  ): Promise<Observable<Buffer | undefined>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const asked = readPageRequest(request);
    if (!asked) return next.handle().pipe(map(({ json }) => Buffer.from(json)));
    const found = lookedFor(request.raw) ?? (await this.look(asked, request));
    const answer =
      found instanceof PageAnswer ? found : await found.answer(() => lastValueFrom(next.handle()));
    // Whoever has joined the load of another request is answered from where that was.
    const { answeredFrom } = answer;
    if (answeredFrom) noteAnsweredFrom(answeredFrom.source, answeredFrom.shard);
    const reply = http.getResponse<FastifyReply>();
    // The decorator of the handler has set the type, which a 304 does not have.
    reply.status(answer.status).removeHeader('content-type');
    addHeaders(reply, answer.headers);
    return of(answer.body);
  }

  private look(
    asked: NonNullable<ReturnType<typeof readPageRequest>>,
    { headers }: FastifyRequest,
  ): Promise<PageAnswer | MissedPage> {
    return new Promise((resolve) =>
      this.pages.look(asked, IfNoneMatch.of(headers['if-none-match']), resolve),
    );
  }
}
