import type { FastifyReply } from 'fastify';
import { type FieldError, PROBLEM_JSON, problem } from './problem.js';

export interface ProblemAnswer {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with problem details, which nobody may keep. */
export function replyWithProblem(
  reply: FastifyReply,
  { status, detail, errors, headers = {} }: ProblemAnswer,
): void {
  reply
    .status(status)
    .headers(headers)
    .header('cache-control', 'no-store')
    .removeHeader('location')
    .type(PROBLEM_JSON)
    .send(JSON.stringify(problem(status, detail, reply.request.id, errors)));
}
