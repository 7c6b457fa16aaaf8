const REDACTED = '[redacted]';

/** Names of what holds a secret: a header, a field, a parameter. They may begin otherwise. */
const NAME =
  '[\\w-]*?(?:authorization|cookie|api[_-]?key|pass(?:word|wd|phrase)?|pwd|secret|token|credentials?)';
const BEGIN = '(?<![\\w-])';

/** As in `postgres://user:password@host`. */
const URL_USER = '(?<![a-z\\d+.-])([a-z][a-z\\d+.-]*://[^\\s:/?#@"\'\\\\]*)';
const BEARER = /\b(bearer)\s+[\w.~+/-]{8,}=*/gi;
const JWT = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;

/** How secrets stand in a text. */
const IN_TEXT: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`${URL_USER}:[^\\s/?#]*@`, 'gi'), `$1:${REDACTED}@`],
  [new RegExp(`${BEGIN}(${NAME}\\s*:\\s*)[^\\r\\n]+`, 'gi'), `$1${REDACTED}`],
  [new RegExp(`${BEGIN}(${NAME}\\s*=\\s*)("[^"]*"|'[^']*'|[^\\s&;,"']+)`, 'gi'), `$1${REDACTED}`],
  [BEARER, `$1 ${REDACTED}`],
  [JWT, REDACTED],
];

/**
 * How they stand in JSON. None of these reaches from one text of it into another: a quote is passed
 * over only where it is escaped, and an escape is passed over as a whole.
 */
const IN_JSON: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(
      `"(${NAME})":(?:"(?:[^"\\\\]|\\\\.)*"|\\[(?:[^\\]["{]|"(?:[^"\\\\]|\\\\.)*")*\\])`,
      'gi',
    ),
    `"$1":"${REDACTED}"`,
  ],
  [new RegExp(`${URL_USER}:(?:[^\\s/?#"\\\\]|\\\\["\\\\])*@`, 'gi'), `$1:${REDACTED}@`],
  [new RegExp(`${BEGIN}(${NAME}\\s*:\\s*)(?:[^"\\\\]|\\\\[^rn])+`, 'gi'), `$1${REDACTED}`],
  [
    new RegExp(
      `${BEGIN}(${NAME}\\s*=\\s*)(?:\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"|'[^'"\\\\]*'|[^\\s&;,"'\\\\]+)`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
  [BEARER, `$1 ${REDACTED}`],
  [JWT, REDACTED],
];

/** A text without the secrets that can be told by how they stand in it. */
export function redactText(text: string): string {
  return apply(IN_TEXT, text);
}

/** A line of JSON, which it stays, without secrets at whatever depth. */
export function redactJson(line: string): string {
  return apply(IN_JSON, line);
}

function apply(rules: readonly (readonly [RegExp, string])[], text: string): string {
  return rules.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
}
