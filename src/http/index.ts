export { Answers } from './answers.decorator.js';
export { acceptJsonOnly, BODY_MAX_BYTES } from './json-body.js';
export { trackRoutes } from './method-not-allowed.js';
export { openApiDocument, serveOpenApi } from './openapi.js';
export { ProblemFilter } from './problem.filter.js';
export { requestHeader } from './request-header.decorator.js';
export { contextOf, enterRequestContext } from './request-context.hook.js';
export { requestId } from './request-id.js';
export { validationPipe } from './validation.pipe.js';
