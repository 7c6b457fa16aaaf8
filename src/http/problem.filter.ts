import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  IdempotencyConflictError,
  InsufficientScopeError,
  InvalidInputError,
  NotFoundError,
  OverloadedError,
  PartUnavailableError,
  UnauthenticatedError,
  UnavailableError,
} from '../errors/index.js';
import { AnswerDeadlineError } from './answer-deadline.js';
import { exchangeOf } from './exchange.js';
import { pointerTo, type FieldError } from './problem.js';
import { type ProblemAnswer, replyWithProblem } from './problem-reply.js';
import { InvalidRequestError } from './validation.pipe.js';

export interface ProblemObserver {
  /** A request was turned away because too many wait. */
  readonly overloaded?: () => void;
}

/** Turns every error into problem details. Causes of a 5xx go to the log, never to the caller. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly observer: ProblemObserver = {}) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof OverloadedError) this.observer.overloaded?.();
    const answer = answerTo(error, request);
    if (answer.status >= 500) this.tell(error, request, answer.detail);
    if (!reply.sent) replyWithProblem(reply, answer);
  }

  /** Once: on the line of the request, or by itself where there is none, or none any more. */
  private tell(error: unknown, { raw, id }: FastifyRequest, detail: string): void {
    const exchange = exchangeOf(raw);
    if (exchange?.willBeLogged) exchange.failure = error;
    else this.logger.error({ err: error, requestId: id }, detail);
  }
}

function answerTo(error: unknown, request: FastifyRequest): ProblemAnswer {
  if (error instanceof InvalidRequestError) {
    return { status: 400, detail: sentence(error.errors), errors: error.errors };
  }
  if (error instanceof InvalidInputError) {
    const errors = [{ pointer: pointerTo([error.field]), detail: error.message }];
    return { status: 400, detail: sentence(errors), errors };
  }
  if (error instanceof IdempotencyConflictError) return { status: 422, detail: error.message };
  if (error instanceof NotFoundError) return { status: 404, detail: error.message };
  if (error instanceof UnauthenticatedError) {
    return { status: 401, detail: error.message, headers: challenge(invalidToken(error)) };
  }
  if (error instanceof InsufficientScopeError) {
    const parameters = { error: 'insufficient_scope', scope: error.scope };
    return { status: 403, detail: error.message, headers: challenge(parameters) };
  }
  if (error instanceof AnswerDeadlineError) {
    return request.raw.complete ? TOOK_TOO_LONG : CAME_TOO_SLOWLY;
  }
  if (error instanceof OverloadedError) {
    return {
      status: 503,
      detail: 'There is more to do at the moment than can be done. Try again later.',
      headers: { 'retry-after': String(error.retryAfterSeconds) },
    };
  }
  if (error instanceof UnavailableError) {
    const part = error instanceof PartUnavailableError ? error.part : 'a part that is needed';
    return {
      status: 503,
      detail: `${part.replace(/^./, (first) => first.toUpperCase())} cannot be reached at the moment. Try again later.`,
      headers: { 'retry-after': String(error.retryAfterSeconds) },
    };
  }
  const status = statusOf(error);
  if (status === 404) {
    const path = request.url.split('?', 1)[0];
    return { status, detail: `There is nothing at ${request.method} ${path}.` };
  }
  if (status < 500) return { status, detail: DETAILS[status] ?? messageOf(error) };
  return { status, detail: 'The request could not be answered.' };
}

const TOOK_TOO_LONG: ProblemAnswer = {
  status: 503,
  detail: 'The answer took too long. Try again later.',
  headers: { 'retry-after': '1' },
};

/** Its time ran out before all of its body was there. */
const CAME_TOO_SLOWLY: ProblemAnswer = {
  status: 408,
  detail: 'The request did not arrive in time.',
  headers: { connection: 'close' },
};

/** RFC 6750, section 3.1: who brought no token is told no error. */
function invalidToken({ fault, message }: UnauthenticatedError): Record<string, string> {
  return fault === 'missing' ? {} : { error: 'invalid_token', error_description: message };
}

/** RFC 6750, section 3. */
function challenge(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const list = Object.entries({ realm: 'aggregations', ...parameters });
  return {
    'www-authenticate': `Bearer ${list.map(([name, value]) => `${name}="${value}"`).join(', ')}`,
  };
}

const DETAILS: Readonly<Record<number, string>> = {
  413: 'The body is too large: at most 16 KiB.',
  415: 'The body must be JSON: send it with Content-Type: application/json.',
};

/** Fastify's own errors (broken JSON, body too large) carry their status. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The request is not valid.';
}

function sentence(errors: readonly FieldError[]): string {
  return `${errors.map(({ detail }) => detail).join('; ')}.`;
}
