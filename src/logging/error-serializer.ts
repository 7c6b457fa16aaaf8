import { redactText } from './redact.js';

/** An error as it is logged: what is listed here and nothing else that it may hold. */
export interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** Those of an AggregateError. */
  readonly errors?: readonly LoggedError[];
  readonly [detail: string]: unknown;
}

/** Says which part failed and how; none of it is made of what somebody sent. */
const DETAILS = [
  'code',
  'errno',
  'syscall',
  'address',
  'hostname',
  'port',
  'severity',
  'kind',
  'originalCode',
  'originalMessage',
  'constraint',
  'table',
  'routine',
  'part',
  'field',
  'fault',
  'scope',
  'status',
  'statusCode',
  'retryAfterSeconds',
];
const TEXT_MAX_LENGTH = 8_192;
const DEPTH_MAX = 16;
const ERRORS_MAX = 16;

/** An error with the whole chain of its causes, each once, and without secrets. */
export function serializeError(error: unknown): LoggedError {
  return serialize(error, new Set());
}

function serialize(error: unknown, seen: Set<unknown>): LoggedError {
  if (typeof error !== 'object' || error === null) return { message: text(String(error)) };
  if (seen.has(error) || seen.size >= DEPTH_MAX) return { message: '[more]' };
  seen.add(error);
  const { name, message, stack, errors } = error as Partial<AggregateError>;
  const cause = causeOf(error);
  return {
    type: typeName(error, name),
    ...(typeof message === 'string' && { message: text(message) }),
    ...details(error),
    ...(typeof stack === 'string' && { stack: text(stack) }),
    ...(cause !== undefined && { cause: serialize(cause, seen) }),
    ...(Array.isArray(errors) && {
      errors: errors.slice(0, ERRORS_MAX).map((each) => serialize(each, seen)),
    }),
  };
}

/** Prisma keeps what the driver said in `meta`. */
function causeOf(error: object): unknown {
  const { cause, meta } = error as {
    cause?: unknown;
    meta?: { driverAdapterError?: unknown } | null;
  };
  return cause ?? meta?.driverAdapterError;
}

function typeName(error: object, name: unknown): string {
  return typeof name === 'string' && name !== 'Error'
    ? name
    : (error.constructor?.name ?? 'Object');
}

function details(error: object): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of DETAILS) {
    const value = (error as Record<string, unknown>)[name];
    if (typeof value === 'string') found[name] = text(value);
    else if (typeof value === 'number') found[name] = value;
  }
  return found;
}

function text(value: string): string {
  const cut = value.length > TEXT_MAX_LENGTH ? `${value.slice(0, TEXT_MAX_LENGTH)} [cut]` : value;
  return redactText(cut);
}
