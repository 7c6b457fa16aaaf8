export { AuthModule } from './auth.module.js';
export { Public } from './public.decorator.js';
export { RequireScope } from './require-scope.decorator.js';
