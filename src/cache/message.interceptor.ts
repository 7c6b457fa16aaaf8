import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { IfNoneMatch } from './etag.js';
import { Messages } from './messages.js';

const LASTING = 'public, max-age=31536000, immutable';

/** Answers a single message from the cache, or makes the answer of what the handler brings. */
@Injectable()
export class MessageInterceptor implements NestInterceptor<string, Buffer | undefined> {
  constructor(private readonly messages: Messages) {}

  async intercept(
    context: ExecutionContext,
    next: CallHandler<string>,
  ): Promise<Observable<Buffer | undefined>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest<{ Params: { id: string } }>>();
    const { id } = request.params;
    const load = () => lastValueFrom(next.handle());
    const body = await this.messages.message(id, load);
    // A message never changes, so its id says which content it is.
    const etag = id.toLowerCase();
    const reply = http.getResponse<FastifyReply>();
    reply.headers({ 'cache-control': LASTING, etag: `"${etag}"` });
    if (!IfNoneMatch.of(request.headers['if-none-match'])?.matches(etag)) return of(body);
    reply.status(304).removeHeader('content-type');
    return of(undefined);
  }
}
